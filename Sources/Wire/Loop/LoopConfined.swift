/// Carries a value that belongs to an event loop through code that other threads may run.
///
/// `@unchecked Sendable` is sound because other threads only carry it and never look inside: everything that touches
/// `value` runs on the value's loop, be it a closure given to that loop (`execute`, `submit`, a scheduled task, a
/// channel initialiser of one of its channels) or a task with that loop as its preferred executor, whose first part
/// runs inline there and every later part as a job of the same loop. The one exception is a worker's `loop`, a
/// constant of a `Sendable` type, read to find the way there. Who makes one on another thread (`Crew`) has given the
/// value away by then.
struct LoopConfined<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
