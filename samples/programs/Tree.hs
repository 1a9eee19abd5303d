-- For GHC: costs under two callers, allocation, recursion.
module Main (main) where

work :: Int -> Int
work n = foldr (\x acc -> (x * x + acc) `mod` 1000003) 0 [1 .. n `mod` 200]

build :: Int -> [Int]
build n = map work [1 .. n]

fib :: Int -> Integer
fib n = if n < 2 then toInteger n else fib (n - 1) + fib (n - 2)

main :: IO ()
main = do
  print (sum (build 4000))
  print (fib 24)
