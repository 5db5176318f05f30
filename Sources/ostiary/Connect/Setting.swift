import OstiaryCore

/// One member of a settings file that a client needs to reach the gate. Never a secret: what gives the token is named
/// instead.
struct Setting: Hashable {
    let path: [String]
    /// `nil` for a member that must not be there.
    let value: JSONValue?

    init(_ path: [String], _ text: String) {
        self.path = path
        value = .string(text)
    }

    init(without path: [String]) {
        self.path = path
        value = nil
    }

    var name: String { path.joined(separator: ".") }
}

/// What a member was and is to be.
struct SettingChange: Hashable {
    let path: [String]
    /// `nil` where there was none.
    let before: JSONValue?
    /// `nil` where there is to be none.
    let after: JSONValue?
    /// What this command sets there, which is shown as it is.
    let ours: JSONValue?

    var name: String { path.joined(separator: ".") }

    /// As lines of a difference.
    var lines: [String] {
        let sides = [("-", before), ("+", after)]
        return sides.compactMap { sign, value in value.map { "  \(sign) \(name): \(shown($0))" } }
    }

    private func shown(_ value: JSONValue) -> String {
        value == ours ? String(decoding: JSONWriter.write(value), as: UTF8.self) : Masked.text(of: value)
    }

    var json: JSONValue {
        func shown(_ value: JSONValue?) -> JSONValue { value.map { .string(self.shown($0)) } ?? .null }
        return .object(
            JSONObject(members: [
                .init(name: "setting", value: .string(name)), .init(name: "before", value: shown(before)),
                .init(name: "after", value: shown(after)),
            ])
        )
    }
}

/// Values of other people's files, as they may be shown: settings hold keys more often than they should.
enum Masked {
    /// A value on one line, with a `…` for whatever could be a key.
    static func text(of value: JSONValue) -> String {
        masked(String(decoding: JSONWriter.write(value), as: UTF8.self))
    }

    /// Words of sixteen characters or more that hold letters and digits are keys for all we know, and so is what stands
    /// before an `@` in a URL.
    static func masked(_ text: String) -> String {
        var shown = ""
        var word = ""
        func settle() {
            let isLong = word.utf8.count >= 16
            let hasBoth = word.contains(where: \.isNumber) && word.contains(where: \.isLetter)
            shown += (isLong && hasBoth) || word.lowercased().hasPrefix("sk-") ? "…" : word
            word = ""
        }
        for character in text {
            if character.isLetter || character.isNumber || character == "-" || character == "_" {
                word.append(character)
            } else {
                settle()
                shown.append(character)
            }
        }
        settle()
        guard let scheme = shown.firstRange(of: "://"), let at = shown[scheme.upperBound...].firstIndex(of: "@") else {
            return shown
        }
        return shown[..<scheme.upperBound] + "…" + shown[at...]
    }
}
