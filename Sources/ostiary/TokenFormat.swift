import ArgumentParser
import Foundation
import OstiaryCore
import OstiaryServer

/// How a token is printed, by what reads it.
enum TokenFormat: String, ExpressibleByArgument, CaseIterable {
    /// The token and a line end.
    case raw
    /// `{"token": …, "expires_at": …}`, whole seconds of Unix time.
    case json
    /// `ExecCredential` of client.authentication.k8s.io/v1.
    case execCredential = "exec-credential"
    /// What `credential_process` of AWS's libraries reads; the token is the session token.
    case credentialProcess = "credential-process"
    /// The answer of a git credential helper.
    case git

    func text(of token: String, subject: String) -> String {
        let expiry = Self.expiry(of: token)
        let stamp = expiry.map { Date(timeIntervalSince1970: Double($0)).ISO8601Format() }
        func object(_ members: [(String, JSONValue?)]) -> JSONValue {
            .object(
                JSONObject(members: members.compactMap { name, value in value.map { .init(name: name, value: $0) } })
            )
        }
        let seconds = expiry.map { JSONValue.number(JSONNumber(text: String($0))) }
        switch self {
        case .raw: return token + "\n"
        case .json: return line(object([("token", .string(token)), ("expires_at", seconds)]))
        case .execCredential:
            let status = object([("token", .string(token)), ("expirationTimestamp", stamp.map(JSONValue.string))])
            return line(
                object([
                    ("apiVersion", .string("client.authentication.k8s.io/v1")), ("kind", .string("ExecCredential")),
                    ("status", status),
                ])
            )
        case .credentialProcess:
            return line(
                object([
                    ("Version", .number(JSONNumber(text: "1"))), ("AccessKeyId", .string(subject)),
                    // Never sent by those libraries, and still asked for.
                    ("SecretAccessKey", .string(token)), ("SessionToken", .string(token)),
                    ("Expiration", stamp.map(JSONValue.string)),
                ])
            )
        case .git:
            let end = expiry.map { "password_expiry_utc=\($0)\n" } ?? ""
            return "username=ostiary\npassword=\(token)\n\(end)"
        }
    }

    private func line(_ value: JSONValue) -> String { String(decoding: JSONWriter.write(value), as: UTF8.self) + "\n" }

    /// When the token ends, as it says itself: it comes from the gate that made it.
    static func expiry(of token: String) -> Int? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64URL.decode(Array(parts[1].utf8).span) else { return nil }
        return (try? JSONReader.read(payload))?.object?["exp"]?.number?.int
    }
}

/// What git asks a credential helper for: lines of `name=value`, up to an empty one.
struct GitQuestion {
    private var values: [String: String] = [:]

    init(lines: [String]) {
        for line in lines.prefix(64) {
            guard let equals = line.firstIndex(of: "=") else { continue }
            values[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
    }

    static func read() -> GitQuestion {
        var lines: [String] = []
        while lines.count < 64, let line = readLine(), !line.isEmpty { lines.append(line) }
        return GitQuestion(lines: lines)
    }

    /// Whether the question is about this gate and no other host.
    func isAbout(_ gate: GateURL) -> Bool {
        guard let scheme = values["protocol"], let host = values["host"] else { return false }
        return gate.description == "\(scheme)://\(host)" || gate.description.hasPrefix("\(scheme)://\(host)/")
    }
}
