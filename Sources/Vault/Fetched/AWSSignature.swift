import Crypto
import OstiaryCore

/// Signs a request as AWS wants it (Signature Version 4): a POST of JSON to one host, all fields signed.
enum AWSSignature {
    /// The fields `authorization`, `x-amz-date` and, for credentials that end, `x-amz-security-token`.
    /// - Parameters:
    ///   - fields: what else is signed; names in lower case, with `host` among them.
    static func fields(
        _ body: [UInt8],
        _ fields: [(name: String, value: String)],
        service: String,
        region: String,
        _ credentials: borrowing AWSCredentials,
        at time: UnixTime
    ) -> [(name: String, value: [UInt8])] {
        let (day, moment) = stamp(time)
        var signed = fields.map { (name: $0.name, value: Array($0.value.utf8)) }
        signed.append((name: "x-amz-date", value: Array(moment.utf8)))
        switch credentials.session {
        case .some(let session):
            signed.append(
                (name: "x-amz-security-token", value: session.withBytes { $0.withUnsafeBufferPointer { Array($0) } })
            )
        case .none: break
        }
        signed.sort { $0.name < $1.name }
        let names = signed.map(\.name).joined(separator: ";")

        var canonical = Array("POST\n/\n\n".utf8)
        for field in signed {
            canonical += Array(field.name.utf8) + [UInt8(ascii: ":")] + field.value + [0x0a]
        }
        canonical += Array("\n\(names)\n\(Hex.encode(SHA256.hash(data: body)))".utf8)
        defer { wipe(&canonical) }

        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let digest = Hex.encode(SHA256.hash(data: canonical))
        let text = "AWS4-HMAC-SHA256\n\(moment)\n\(scope)\n\(digest)"
        var first = Array("AWS4".utf8)
        credentials.secret.withBytes { secret in
            for index in secret.indices { first.append(secret[index]) }
        }
        defer { wipe(&first) }
        var key = SymmetricKey(data: first)
        for part in [day, region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        let signature = Hex.encode(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.identifier)/\(scope), SignedHeaders=\(names), "
            + "Signature=\(signature)"
        return signed.filter { $0.name != "host" } + [(name: "authorization", value: Array(authorization.utf8))]
    }

    /// `20261122` and `20261122T010203Z`.
    static func stamp(_ time: UnixTime) -> (day: String, moment: String) {
        let whole = Int(min(max(time.seconds, 0), 253_402_300_799))
        let second = whole % 86_400
        let date = CivilDate(daysSince1970: whole / 86_400).description.filter { $0 != "-" }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return (date, "\(date)T\(two(second / 3600))\(two(second / 60 % 60))\(two(second % 60))Z")
    }
}
