"""unittest: a suite with fixtures, subtests, mocks and failures."""
import io
import unittest
from unittest import mock


class Arithmetic(unittest.TestCase):
    def setUp(self):
        self.numbers = list(range(60))

    def test_sums(self):
        for n in self.numbers:
            with self.subTest(n=n):
                self.assertEqual(sum(range(n)), n * (n - 1) // 2)

    def test_lists_differ(self):
        with self.assertRaises(AssertionError):
            self.assertEqual(self.numbers, self.numbers[:-1] + [0])

    def test_fails(self):
        self.assertDictEqual({n: n for n in self.numbers}, {n: n + n % 2 for n in self.numbers})


class Calls(unittest.TestCase):
    def test_mocks(self):
        for _ in range(10):
            thing = mock.MagicMock(name="thing")
            thing.method(1, key=2)
            thing.method.assert_called_once_with(1, key=2)

    def test_patches(self):
        with mock.patch("io.StringIO", autospec=True) as patched:
            io.StringIO("x").read()
            patched.assert_called_once()


runner = unittest.TextTestRunner(stream=io.StringIO(), verbosity=2)
suite = unittest.TestSuite()
for case in Arithmetic, Calls:
    suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
runner.run(suite)
