public import OstiaryCore

/// How a reload is meant.
public struct ReloadOrder: Hashable, Sendable {
    /// Checks everything and changes nothing.
    public var isDryRun = false
    /// Reads every issuer's key set anew too, not only those in files.
    public var readsKeys = false
    /// Reads what the configuration in force names, and not the configuration itself: a stored key has changed.
    var keepsConfiguration = false

    public init() {}

    /// The body of `POST /reload`: `{"dry_run": true, "keys": true}`, both optional.
    public var json: JSONValue {
        .members(("dry_run", .bool(isDryRun)), ("keys", .bool(readsKeys)))
    }

    /// What the body of `POST /reload` asks for; its shape was checked.
    init(_ body: JSONObject?) {
        isDryRun = body?["dry_run"]?.bool ?? false
        readsKeys = body?["keys"]?.bool ?? false
    }
}
