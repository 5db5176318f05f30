import NIOCore
import OstiaryCore
import Synchronization

/// Waits for the addresses of a name, no longer than a connection may take.
final class Lookup: Watched, Partner {
    enum Ending {
        /// None when the name leads nowhere.
        case answered([IPAddress])
        case late
        /// The client has left.
        case left
    }

    private let worker: Worker
    let deadline: MonotonicTime
    var watchIndex = -1
    private let settlement = Settlement<Ending>()
    private let calm = Calm()

    init(_ worker: Worker, until deadline: MonotonicTime) {
        self.worker = worker
        self.deadline = deadline
    }

    /// Runs `ask`, which calls back from any thread.
    func run(for client: RequestBody?, _ ask: (@escaping AddressBook.Callback) -> AddressBook.Answer) async -> Found {
        let confined = LoopConfined(self)
        let answer = ask { [calm] addresses in
            // An answer may take longer than the loop lives.
            guard !calm.isOver.load(ordering: .acquiring) else { return }
            confined.value.worker.loop.execute { confined.value.finish(.answered(addresses)) }
        }
        switch answer {
        case .known(let addresses, let isFresh): return Found(ending: .answered(addresses), isFresh: isFresh)
        case .unknown: return Found(ending: .answered([]), isFresh: true)
        case .asked: break
        }
        worker.watch(self)
        client?.setPartner(self)
        await settlement.wait()
        client?.clearPartner(self)
        worker.unwatch(self)
        return Found(ending: settlement.ending ?? .late, isFresh: true)
    }

    struct Found {
        let ending: Ending
        /// Whether there is no sense in asking again when nothing answers there.
        let isFresh: Bool
    }

    func deadlinePassed(_ now: MonotonicTime) { finish(.late) }

    func abandoned() { finish(.left) }
    func pause() {}
    func resume() {}

    private func finish(_ ending: Ending) {
        calm.isOver.store(true, ordering: .releasing)
        settlement.settle(ending)
    }
}

/// Whether nobody waits any more, for the thread that brings the answer.
private final class Calm: Sendable {
    let isOver = Atomic<Bool>(false)
}
