import OstiaryJournal

/// Something about a configuration that an operator should know and that is no fault. Sentences are literals; the values
/// beside them are no secrets.
struct Remark: Sendable {
    let sentence: StaticString
    let fields: KeyValuePairs<StaticString, String>

    init(_ sentence: StaticString, _ fields: KeyValuePairs<StaticString, String> = [:]) {
        self.sentence = sentence
        self.fields = fields
    }

    /// The sentence with its values behind it.
    var text: String {
        let values = fields.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        return values.isEmpty ? "\(sentence)" : "\(sentence) (\(values))"
    }
}

extension Journal {
    func warn(_ remark: Remark) {
        event(.warning, remark.sentence, remark.fields)
    }
}
