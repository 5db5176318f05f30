import NIOCore
public import OstiaryCore
import OstiaryWire

/// How a reload is meant.
public struct ReloadOrder: Hashable, Sendable {
    /// Checks everything and changes nothing.
    public var isDryRun = false
    /// Reads every issuer's key set anew too, not only those in files.
    public var readsKeys = false

    public init() {}

    /// The body of `POST /reload`: `{"dry_run": true, "keys": true}`, both optional.
    public var json: JSONValue {
        .members(("dry_run", .bool(isDryRun)), ("keys", .bool(readsKeys)))
    }

    /// - Throws: `.invalidRequest` for a body of another form, `.bodyTooLarge` for one of more than 4 KiB.
    static func read(_ body: RequestBody) async throws(GateError) -> ReloadOrder {
        var bytes: [UInt8] = []
        while let piece = try await body.next() {
            bytes.append(contentsOf: piece.readableBytesView)
            guard bytes.count <= 4096 else { throw GateError(.bodyTooLarge) }
        }
        var order = ReloadOrder()
        guard !bytes.isEmpty else { return order }
        guard let object = try? JSONReader.read(bytes.span).object else {
            throw refusal("the body is not a JSON object")
        }
        for member in object.members {
            guard case .bool(let value) = member.value else { throw refusal("every member must be true or false") }
            switch member.name {
            case "dry_run": order.isDryRun = value
            case "keys": order.readsKeys = value
            // A wish that is not understood must not be taken for one that was fulfilled.
            default: throw refusal("the members are dry_run and keys")
            }
        }
        return order
    }

    private static func refusal(_ detail: String) -> GateError {
        GateError(.invalidRequest, cause: "reload_request", detail: detail)
    }
}
