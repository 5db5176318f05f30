import NIOCore

/// Lets a task run on an event loop, so that code after an `await` is on the loop again.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        UnownedTaskExecutor(ordinary: self)
    }
}

/// Carries a value that belongs to an event loop into a task that starts and stays on that loop.
///
/// `@unchecked Sendable` is sound because it is made on the loop and handed only to `Task.immediate` with that loop's
/// executor as preference: the task's first part runs inline, every later part is a job of the same loop, and nothing
/// else sees the value.
struct LoopConfined<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
