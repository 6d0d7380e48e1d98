//! How much a configuration may ask for.
//!
//! The language is one of finite loops, and yet a few lines of it can stand for more than any machine holds: nested `for`,
//! locals that repeat each other, `setproduct`, `replace`. Terraform evaluates until the memory is gone. Here every such thing
//! ends in a finding that says what was too much and where. All bounds lie in this file; each is far above what a stack of
//! 100 000 customers needs, and low enough that what is refused has not yet used up a machine of 4 GiB.

/// The largest configuration file, or file of variables, in bytes: 100 000 customers at 300 bytes each. A file takes up to 40
/// times its size in memory while it is read.
pub const MAX_FILE_BYTES: usize = 32 << 20;

/// All files of a configuration together, in bytes.
pub const MAX_CONFIGURATION_BYTES: usize = 64 << 20;

/// The longest text that an expression may make, in bytes; also the largest file that a function reads.
pub const MAX_TEXT_BYTES: usize = 32 << 20;

/// The longest text that is decoded, in bytes: a byte of JSON, YAML or CSV can become a hundred in memory.
pub const MAX_DECODED_BYTES: usize = 16 << 20;

/// What an element of a collection counts for, besides its text: about what it takes in memory.
pub const NODE_BYTES: u32 = 128;

/// The largest value, in bytes of memory if nothing in it were shared: 4 million elements. Sharing makes a value of
/// 2^64 elements out of 64 locals; everything that walks through such a one would never end.
pub const MAX_VALUE_BYTES: u32 = 512 << 20;

/// All that an expression holds on to while it is evaluated: unfinished collections and arguments of calls, likewise counted.
pub const MAX_HELD_BYTES: u64 = 1 << 30;

/// The deepest value: what walks through values recurs, on threads with 2 MiB of stack.
pub const MAX_VALUE_DEPTH: u16 = 512;

/// Parts of expressions that are evaluated for one argument, rounds of `for` counted each: half a minute of work.
pub const MAX_STEPS: u64 = 200_000_000;

/// Digits of a number before or after its point. (Terraform's numbers end at 10^646456993: writing one down takes 600 MB.)
pub const MAX_DIGITS: usize = 100_000;

/// Levels of blocks, brackets, templates and conditionals inside each other. People write 10. A level takes up to 11 KiB of
/// stack in a debug build, so this is safe on a thread of 2 MiB.
pub const NESTING_LIMIT: u32 = 128;

/// Height of the tree of one expression: nested levels and chained operators together.
pub const HEIGHT_LIMIT: u32 = 1000;

/// Memory that a compiled pattern may take: the engine matches in linear time, so its size is all there is to bound.
pub const MAX_PATTERN_BYTES: usize = 10 << 20;

/// The deepest YAML.
pub const MAX_YAML_DEPTH: usize = 256;

/// Most nodes of a YAML text, each alias counted with all it stands for (a few short lines can stand for billions).
pub const MAX_YAML_NODES: usize = 1_000_000;

/// Most tuples that `setproduct` gives.
pub const MAX_PRODUCT: usize = 1 << 20;

/// Greatest width or precision in `format`, as in Terraform.
pub const MAX_FORMAT_WIDTH: usize = 1_000_000;

/// Most spaces that `indent` puts before a line.
pub const MAX_INDENT: i64 = 1 << 16;

/// Longest list that `range` gives, as in Terraform.
pub const MAX_RANGE: usize = 1024;

/// The greatest cost of `bcrypt`, as a power of two: a quarter of a minute. (Terraform's 31 takes a day.)
pub const MAX_BCRYPT_COST: i64 = 18;
