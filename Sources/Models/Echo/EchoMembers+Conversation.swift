import OstiaryCore

// What the chats of all APIs have.
extension EchoMembers {
    /// The messages of a chat, at least one.
    func messages() throws(EchoFault) -> [EchoMembers] {
        guard let messages = try objects("messages") else { throw .missing("messages") }
        guard !messages.isEmpty else { throw .value("messages", "at least one message") }
        return messages
    }

    func role(among roles: [String]) throws(EchoFault) -> String {
        let role = try requiredText("role")
        guard roles.contains(role) else { throw .value(path("role"), "one of \(roles.joined(separator: ", "))") }
        return role
    }

    /// A string, or the texts of its parts of these types, one after the other; `nil` for nothing.
    /// - Parameter noun: what the API calls its parts.
    func joined(_ name: String, types: Set<String>, noun: String) throws(EchoFault) -> String? {
        guard let content = self[name] else { return nil }
        if let text = content.string { return text }
        guard content.array != nil else { throw .type(path(name), "a string or an array of \(noun)") }
        var texts: [String] = []
        for part in try objects(name) ?? [] where types.contains(try part.requiredText("type")) {
            texts.append(try part.requiredText("text"))
        }
        return texts.joined(separator: "\n")
    }
}
