import OstiaryCore
import OstiaryTesting

@testable import OstiaryServer

extension GateRig {
    /// Reloads with a change to the configuration in force.
    @discardableResult
    func reload(
        _ order: ReloadOrder = ReloadOrder(),
        _ change: (inout Configuration) -> Void = { _ in }
    ) async -> ReloadReport {
        var configuration = gate.configuration
        change(&configuration)
        desk.put(configuration)
        return await gate.reloading.reload(order)
    }

    /// What the provider was asked for last.
    var lastAsked: String { upstream.requests.last.map { String(decoding: $0.message.body, as: UTF8.self) } ?? "" }

    static func fault(_ message: String = "unknown key `limit`") -> Configuration.Fault {
        Configuration.Fault(
            place: .file("ostiary.yaml", line: 3, column: 1),
            message: message,
            hint: "did you mean `limits`?"
        )
    }
}
