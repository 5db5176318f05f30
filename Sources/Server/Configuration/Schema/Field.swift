import OstiaryCore
import Yams

/// One key of a section: its name, what its value is, where the value goes, and what people read about it.
///
/// Reading, the JSON Schema and the reference are all made from the same fields, so they cannot disagree, and a key
/// that leads nowhere cannot be declared. The default is the one in the `Configuration` type itself.
struct Field<Root: Sendable>: Sendable {
    let about: About
    /// Reads the file's node into `Root`.
    let read: @Sendable (Node, Twins, inout Reading, inout Root) -> Void
    /// Applies environment variables and flags, which come after the file.
    let override: @Sendable (inout Reading, inout Root) -> Void
    /// The value in `root` as it is written; `nil` for what is left out.
    let show: @Sendable (Root) -> String?
    /// The description of what is below, with defaults as `Root` has them.
    let content: @Sendable (Root) -> Content
    /// What `root` says at this key, which stands at `path`, and below it.
    let settings: @Sendable (Root, _ path: Configuration.Setting.Path) -> [Configuration.Setting]
}

/// What people read about a key.
struct About: Sendable {
    let name: String
    /// One sentence without full stop.
    let help: String
    /// Whether a section without it cannot be used.
    var isRequired = false
    /// The default in words, where the value itself says nothing.
    var fallback: String?
    var example: String?
    /// The environment variable that overrides it.
    var environment: String?
    /// The flag that overrides both, without dashes.
    var flag: String?
}

/// A field as the JSON Schema and the reference see it.
struct Description: Sendable {
    let about: About
    /// The default as it is written.
    let shown: String?
    let content: Content
}

/// What stands behind a key.
indirect enum Content: Sendable {
    /// One value.
    case value(noun: String, schema: [JSONObject.Member])
    /// A list of values.
    case list(noun: String, schema: [JSONObject.Member], most: Int, isUnique: Bool = true)
    /// One value, or a section that says more; a list of at most `most` of those where that is set.
    case either(noun: String, schema: [JSONObject.Member], [Description], most: Int?)
    /// A section with fixed keys.
    case section([Description])
    /// A list of sections.
    case entries([Description], most: Int)
    /// A section with names of the operator's own, each with a section behind it.
    case table(noun: String, pattern: JSONValue?, [Description], most: Int)
}

extension Array {
    /// The fields' descriptions with the defaults that `root` has.
    func described<Root>(_ root: Root) -> [Description] where Element == Field<Root> {
        map { Description(about: $0.about, shown: $0.show(root), content: $0.content(root)) }
    }
}
