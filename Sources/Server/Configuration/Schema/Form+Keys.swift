import OstiaryCore

extension Form where Value == Double {
    /// A part of something.
    static func fraction(_ range: ClosedRange<Double>) -> Form {
        Form(
            noun: "a number from \(range.lowerBound) to \(range.upperBound)",
            schema: [
                .init("type", "number"),
                .init("minimum", .number(JSONNumber(text: "\(range.lowerBound)"))),
                .init("maximum", .number(JSONNumber(text: "\(range.upperBound)"))),
            ],
            parse: { written throws(Complaint) in
                guard !written.isQuoted, let value = Double(written.text), range.contains(value) else {
                    throw Complaint()
                }
                return value
            },
            show: { "\($0)" }
        )
    }
}

extension Form where Value == String {
    /// The name of an environment variable (POSIX.1-2024, 8.1).
    static var variableName: Form {
        Form(
            noun: "the name of a variable",
            schema: [.init("type", "string"), .init("pattern", "^[A-Za-z_][A-Za-z0-9_]*$")],
            parse: { written throws(Complaint) in
                guard case .environment(let name) = Configuration.SecretReference(parsing: "env:\(written.text)") else {
                    throw Complaint(hint: "name the variable; never write its value here")
                }
                return name
            },
            show: { $0 }
        )
    }

    /// A server that gives keys.
    static var keyServer: Form {
        Form(
            noun: "an https URL (http on this machine) without credentials, query and fragment",
            schema: [.init("type", "string"), .init("pattern", "^https?://[^?#@]+$")],
            parse: { written throws(Complaint) in
                guard let url = WebURL(written.text), !url.text.utf8.contains(UInt8(ascii: "?")) else {
                    throw Complaint()
                }
                guard url.isSecure || url.isLoopback else {
                    throw Complaint(
                        "must use https: whoever listens on the way would have the key",
                        hint: "plain http is for this machine only"
                    )
                }
                return url.text
            },
            show: { $0.isEmpty ? nil : $0 }
        )
    }
}

extension Form where Value == Configuration.KeyPlace {
    /// A place of a key that is written as one reference.
    static var keyPlace: Form {
        let form = Form<Configuration.SecretReference>.providerKey
        let parse = form.parse
        return Form(
            noun: form.noun,
            schema: form.schema,
            parse: { written throws(Complaint) in Configuration.KeyPlace(try parse(written)) },
            show: { $0.plain?.description }
        )
    }
}
