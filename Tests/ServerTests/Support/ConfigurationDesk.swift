import Synchronization

@testable import OstiaryServer

/// Stands for the file that a gate reads its configuration from.
final class ConfigurationDesk: Sendable {
    private struct State {
        var result: Result<Configuration, Configuration.Faults>
        var variables: [String: String] = [:]
        var reads = 0
    }

    private let state: Mutex<State>

    init(_ configuration: Configuration) {
        state = Mutex(State(result: .success(configuration)))
    }

    /// Puts another configuration there.
    func put(_ configuration: Configuration) {
        state.withLock { $0.result = .success(configuration) }
    }

    /// Puts something with faults there.
    func put(_ faults: Configuration.Fault...) {
        state.withLock { $0.result = .failure(Configuration.Faults(all: faults)) }
    }

    /// How often it was read.
    var reads: Int { state.withLock { $0.reads } }
    /// The variables that the last reading saw.
    var variables: [String: String] { state.withLock { $0.variables } }

    func read(_ variables: [String: String]) throws(Configuration.Faults) -> Configuration {
        let result = state.withLock { state in
            state.reads += 1
            state.variables = variables
            return state.result
        }
        return try result.get()
    }
}
