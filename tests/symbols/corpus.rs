// SPDX-License-Identifier: BSD-2-Clause
// Rust with generics, closures and traits.
use std::collections::HashMap;

trait Area {
    fn area(&self) -> f64;
}
struct Square(f64);
struct Disc(f64);
impl Area for Square {
    #[inline]
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}
impl Area for Disc {
    #[inline(never)]
    fn area(&self) -> f64 {
        self.0 * self.0 * 3.14
    }
}

#[inline(never)]
fn words(text: &str) -> HashMap<String, usize> {
    let mut out = HashMap::new();
    for word in text.split_whitespace() {
        *out.entry(word.to_string()).or_insert(0) += 1;
    }
    out
}

#[inline(never)]
fn total<T: Area + ?Sized>(shapes: &[Box<T>]) -> f64 {
    shapes.iter().map(|shape| shape.area()).sum()
}

fn main() {
    let count = std::env::args().count();
    let mut shapes: Vec<Box<dyn Area>> = Vec::new();
    for i in 0..count * 4 {
        if i % 2 == 0 {
            shapes.push(Box::new(Square(i as f64)));
        } else {
            shapes.push(Box::new(Disc(i as f64)));
        }
    }
    let mut sorted: Vec<usize> = (0..count * 9).map(|x| x * 7 % 11).collect();
    sorted.sort_by(|a, b| b.cmp(a));
    println!("{} {:?} {}", total(&shapes), sorted, words("a b a").len());
}
