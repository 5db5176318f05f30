import Foundation
import OstiaryCore
import OstiaryIdentity

/// How capability tokens are told of.
enum NucTelling {
    static func json(_ envelope: NucEnvelope) -> JSONValue {
        .members(("tokens", .array(envelope.tokens.map { json($0) })))
    }

    private static func json(_ token: NucToken) -> JSONValue {
        .members(
            ("hash", .string("\(token.hash)")),
            ("form", .string(token.form)),
            ("payload", .object(token.payload.object))
        )
    }

    /// A block of lines for each token, the root first, as the chain is made.
    static func lines(_ envelope: NucEnvelope) -> String {
        let count = envelope.tokens.count
        return envelope.tokens.reversed().enumerated().map { place, token in
            block(token, place == 0 ? "root" : place == count - 1 ? "leaf" : "delegation \(place)")
        }.joined(separator: "\n")
    }

    private static func block(_ token: NucToken, _ place: String) -> String {
        let payload = token.payload
        var lines = [
            ("\(place)", token.isInvocation ? "invocation" : "delegation"), ("form", token.form),
            ("issuer", "\(payload.issuer)"), ("audience", "\(payload.audience)"), ("subject", "\(payload.subject)"),
            ("command", "\(payload.command)"),
        ]
        if let begins = payload.notBefore { lines.append(("begins", time(begins))) }
        lines.append(("expires", payload.expires.map(time) ?? "never"))
        for name in ["pol", "args", "meta"] {
            guard let value = payload.object[name], value.object?.members.isEmpty != true,
                value.array?.isEmpty != true
            else { continue }
            lines.append((name, String(decoding: JSONWriter.write(value), as: UTF8.self)))
        }
        lines.append(("hash", "\(token.hash)"))
        return lines.map { "\($0.0)\t\(plain($0.1))\n" }.joined()
    }

    /// Without the control characters that would move a terminal or begin another line: whoever made the token chose them.
    private static func plain(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            plain.append(scalar.properties.generalCategory == .control ? "\u{fffd}" : scalar)
        }
        return String(plain)
    }

    static func time(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
    }
}
