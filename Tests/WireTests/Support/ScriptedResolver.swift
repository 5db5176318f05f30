import OstiaryTesting

@testable import OstiaryWire

/// A resolver whose answers a test decides.
final class ScriptedResolver: Resolver {
    /// The names that were asked for, in order.
    let asked = Observed<[String]>([])
    private let script: @Sendable (_ question: Int) async -> [String]

    /// - Parameter script: the addresses for each question, counted from 0; none means that there is no such name.
    init(_ script: @escaping @Sendable (_ question: Int) async -> [String]) {
        self.script = script
    }

    convenience init(_ addresses: String...) {
        self.init { _ in addresses }
    }

    func addresses(of name: String) async throws(ResolveFailure) -> [IPAddress] {
        let question = asked.change { names in
            names.append(name)
            return names.count - 1
        }
        let found = await script(question).compactMap { IPAddress($0) }
        guard !found.isEmpty else { throw ResolveFailure() }
        return found
    }
}
