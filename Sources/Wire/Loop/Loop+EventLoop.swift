import Dispatch
import NIOCore

// What NIO asks of an event loop.
extension Loop: EventLoop {
    var inEventLoop: Bool { isCurrent }

    var now: NIODeadline { .uptimeNanoseconds(UInt64(clamping: time)) }

    func execute(_ task: @escaping @Sendable () -> Void) {
        add(.closure(task))
    }

    func _executeIsolatedUnsafeUnchecked(_ task: @escaping () -> Void) {
        add(.closure(task))
    }

    func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
        let promise = makePromise(of: T.self)
        add(
            .closure {
                do {
                    promise.assumeIsolatedUnsafeUnchecked().succeed(try task())
                } catch {
                    promise.fail(error)
                }
            }
        )
        return promise.futureResult
    }

    @discardableResult
    func scheduleTask<T>(in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        scheduleTask(deadline: now + delay, task)
    }

    @discardableResult
    func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        let promise = makePromise(of: T.self)
        let alarm = LoopConfined(
            Alarm(at: Int64(clamping: deadline.uptimeNanoseconds)) {
                do {
                    promise.assumeIsolatedUnsafeUnchecked().succeed(try task())
                } catch {
                    promise.fail(error)
                }
            } fail: {
                promise.fail($0)
            }
        )
        if isCurrent { set(alarm.value) } else { add(.closure { self.set(alarm.value) }) }
        return Scheduled(promise: promise) {
            if self.isCurrent { self.cancel(alarm.value) } else { self.add(.closure { self.cancel(alarm.value) }) }
        }
    }

    /// Ends the loop and everything on it: connections are closed, alarms fail, what was asked of it is still done.
    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        add(.closure { self.endSoon { queue.async { callback(nil) } } })
    }
}

extension Loop: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        add(.job(UnownedJob(job)))
    }
}
