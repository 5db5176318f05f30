import Dispatch
import NIOCore
import Synchronization

/// Several loops.
final class LoopGroup: EventLoopGroup {
    let loops: [Loop]
    private let turn = Atomic<Int>(0)

    /// Starts them.
    /// - Throws: when the system gives no descriptors or no thread; those that ran by then are ended.
    init(count: Int) throws(IOError) {
        var loops: [Loop] = []
        do throws(IOError) {
            for index in 0..<max(1, count) { loops.append(try Loop.start(name: "loop-\(index)")) }
        } catch {
            for loop in loops { loop.shutdownGracefully { _ in } }
            throw error
        }
        self.loops = loops
    }

    func next() -> any EventLoop {
        let index = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(index.magnitude % UInt(loops.count))]
    }

    func any() -> any EventLoop {
        loops.first(where: \.isCurrent) ?? next()
    }

    func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        let all = DispatchGroup()
        for loop in loops {
            all.enter()
            loop.shutdownGracefully(queue: queue) { _ in all.leave() }
        }
        all.notify(queue: queue) { callback(nil) }
    }
}
