import OstiaryTesting
import OstiaryWire

/// A resolver whose answers a test decides: addresses by name, nothing for any other name.
final class ScriptedResolver: Resolver {
    /// The names that were asked for, in order.
    let asked = Observed<[String]>([])
    private let answers: [String: [String]]

    init(_ answers: [String: [String]] = [:]) {
        self.answers = answers
    }

    func addresses(of name: String) async throws(ResolveFailure) -> [IPAddress] {
        asked.change { $0.append(name) }
        let found = (answers[name] ?? []).compactMap { IPAddress($0) }
        guard !found.isEmpty else { throw ResolveFailure() }
        return found
    }
}
