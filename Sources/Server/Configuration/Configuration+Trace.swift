import OstiaryCore

extension Configuration {
    /// A part of the credentials daemon that says more of what it does.
    public enum Trace: String, Sendable, CaseIterable {
        /// Every call of the admin door.
        case requests
        /// Every look into the store of keys.
        case storage
        /// Every test of a provider.
        case providers
        /// Every attempt with a wrong token.
        case auth
    }
}

extension Form where Value == [Configuration.Trace] {
    /// Names, divided by commas.
    static var traces: Form {
        let names = Configuration.Trace.allCases.map(\.rawValue)
        let word = "(" + names.joined(separator: "|") + ")"
        return Form(
            noun: "names out of \(names.joined(separator: ", ")), divided by commas",
            schema: [.init("type", "string"), .init("pattern", "^\(word)(,\(word))*$")],
            parse: { written throws(Complaint) in
                var traces: [Configuration.Trace] = []
                for part in written.text.split(separator: ",", omittingEmptySubsequences: false) {
                    guard let trace = Configuration.Trace(rawValue: String(part)) else {
                        throw Complaint(hint: Nearest.to(String(part), among: names).map { "did you mean `\($0)`?" })
                    }
                    if !traces.contains(trace) { traces.append(trace) }
                }
                return traces
            },
            show: { $0.isEmpty ? nil : $0.map(\.rawValue).joined(separator: ",") }
        )
    }
}
