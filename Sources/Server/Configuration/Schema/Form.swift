import OstiaryCore

/// How one kind of value is written: what people call it, what JSON Schema says of it, and how it is read and shown.
struct Form<Value: Sendable>: Sendable {
    /// Completes "must be …".
    let noun: String
    /// The members of its JSON Schema.
    let schema: [JSONObject.Member]
    let parse: @Sendable (Written) throws(Complaint) -> Value
    /// The value as it is written, or `nil` when it is best left out.
    let show: @Sendable (Value) -> String?

    /// The same form where the value may be absent.
    var optional: Form<Value?> {
        let (parse, show) = (parse, show)
        return Form<Value?>(
            noun: noun,
            schema: schema,
            parse: { written throws(Complaint) in try parse(written) },
            show: { $0.flatMap(show) }
        )
    }
}

/// A single value as the operator wrote it.
struct Written: Sendable {
    let text: String
    /// Whether it stood in quotes, which makes it text whatever it looks like.
    let isQuoted: Bool

    init(_ text: String, isQuoted: Bool = false) {
        self.text = text
        self.isQuoted = isQuoted
    }
}

/// Why a value cannot be read. Never holds the value.
struct Complaint: Error {
    /// Follows the subject, as in "must be a whole number"; `nil` stands for "must be" and the form's noun.
    let message: String?
    let hint: String?

    init(_ message: String? = nil, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
