import OstiaryCore
import OstiaryVault

/// Runs what waits for a store on no event loop, a few at once; who comes while they are all busy is turned away.
final class StoreErrands: Sendable {
    /// The most that run or wait for a thread.
    static let limit = 16

    private let running = Gauge()

    func run<Value: Sendable>(
        _ errand: @escaping @Sendable () throws(StoreFault) -> Value
    ) async throws(AdminError) -> Value {
        running.add(1)
        defer { running.add(-1) }
        guard running.current <= Int64(Self.limit) else { throw AdminError(.overloaded, retryAfter: 1) }
        let result: Result<Value, StoreFault> = await Task.detached {
            do throws(StoreFault) { return .success(try errand()) } catch { return .failure(error) }
        }.value
        do throws(StoreFault) { return try result.get() } catch { throw AdminError(error) }
    }

    var instruments: [Instrument] {
        [
            Instrument(
                "gw_admin_errands",
                .gauge,
                "Calls of the admin door in the store of keys; at most \(Self.limit)."
            ) {
                [running] in Double(running.current)
            }
        ]
    }
}

extension AdminError {
    init(_ fault: StoreFault) {
        let problem: AdminProblem =
            switch fault {
            case .locked: .storeLocked
            case .unusable: .invalidKey
            case .unwritable, .unconfirmed, .busy: .storeFailed
            default: .storeUnreadable
            }
        // Faults name places and never hold a key.
        self.init(problem, problem == .invalidKey ? nil : fault.description)
    }
}
