/p\ q/target/liba.so: /p\ q/a/src/lib.rs b.rs \\x

/p\ q/a/src/lib.rs:
