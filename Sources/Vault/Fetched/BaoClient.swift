import OstiaryCore

/// One reading's conversation with the servers of an OpenBao: with the first that can answer.
struct BaoClient {
    private let source: BaoSource
    private let addresses: [String]
    private let surroundings: Surroundings
    private let namespace: String?
    private let authority: String?

    init(_ source: BaoSource, _ addresses: [String], _ surroundings: Surroundings) {
        self.source = source
        self.addresses = addresses
        self.surroundings = surroundings
        namespace = source.namespace ?? BaoSource.given("NAMESPACE", surroundings)
        authority = source.authority ?? BaoSource.given("CACERT", surroundings)
    }

    var key: LoginShelf.AnyKey {
        LoginShelf.AnyKey(addresses: addresses, namespace: namespace, login: way)
    }

    private var way: BaoLogin {
        if let login = source.login { return login }
        let name = BaoSource.secretVariables.first { surroundings.value($0) != nil } ?? BaoSource.secretVariables[0]
        return .token(SourceReference(EnvironmentSource(named: name)))
    }

    func get(_ path: String, _ login: LoginShelf.Login) async throws(SourceFault) -> OutboundAnswer {
        try await ask(.get, path, token: login.token, body: [])
    }

    // MARK: Logging in

    /// A token that holds: the one that is known, renewed where two thirds of its time are over, or a new one.
    func login() async throws(SourceFault) -> LoginShelf.Login {
        let now = surroundings.clock.monotonic
        if let known = surroundings.shelf.login(key), now < known.ends {
            guard let renewAt = known.renewAt, now >= renewAt else { return known }
            if let renewed = try? await renew(known) { return renewed }
            // The token is good for a third of its time yet, but one that cannot be renewed is better replaced now.
            if case .token = way { return known }
        }
        let secret = try surroundings.secret(way.reference)
        guard let (path, body) = way.request(secret) else {
            return try await lookUp(SecretHolder(secret))
        }
        let answer = try await ask(.post, path, token: nil, body: body)
        guard answer.status == 200, let document = SecretDocument(answer.body),
            let token = document.secret("auth", "client_token")
        else { throw refusal("login", answer.status) }
        return keep(SecretHolder(token), document)
    }

    private func keep(_ token: SecretHolder, _ document: SecretDocument) -> LoginShelf.Login {
        let login = LoginShelf.Login(
            token,
            life: document.number("auth", "lease_duration"),
            isRenewable: document.isTrue("auth", "renewable"),
            now: surroundings.clock.monotonic
        )
        surroundings.shelf.put(login, key)
        return login
    }

    private func renew(_ login: LoginShelf.Login) async throws(SourceFault) -> LoginShelf.Login {
        let answer = try await ask(.post, "auth/token/renew-self", token: login.token, body: Array("{}".utf8))
        guard answer.status == 200, let document = SecretDocument(answer.body) else {
            throw refusal("renewal", answer.status)
        }
        return keep(login.token, document)
    }

    /// A given token says how long it lives only when it is asked.
    private func lookUp(_ token: SecretHolder) async throws(SourceFault) -> LoginShelf.Login {
        let answer = try await ask(.get, "auth/token/lookup-self", token: token, body: [])
        let document = answer.status == 200 ? SecretDocument(answer.body) : nil
        let login = LoginShelf.Login(
            token,
            life: document?.number("data", "ttl"),
            isRenewable: document?.isTrue("data", "renewable") ?? false,
            now: surroundings.clock.monotonic
        )
        // A policy may forbid the look and still allow the reading.
        if document != nil { surroundings.shelf.put(login, key) }
        return login
    }

    private func refusal(_ what: String, _ status: Int) -> SourceFault {
        let reason = "\(what) was answered with status \(status)"
        return (400..<429).contains(status)
            ? .refused(label: source.label, reason: reason) : .unreadable(label: source.label, reason: reason)
    }

    // MARK: Asking

    private func ask(
        _ method: OutboundRequest.Method,
        _ path: String,
        token: SecretHolder?,
        body: [UInt8]
    ) async throws(SourceFault) -> OutboundAnswer {
        var trouble = SourceFault.unreadable(label: source.label, reason: "nobody answers there")
        for address in addresses {
            let base = address.hasSuffix("/") ? String(address.dropLast()) : address
            var request = OutboundRequest(method, "\(base)/v1/\(Self.encoded(path))")
            request.authority = authority
            request.body = body
            request.fields.append((name: "x-vault-request", value: Array("true".utf8)))
            if let namespace { request.fields.append((name: "x-vault-namespace", value: Array(namespace.utf8))) }
            if method == .post { request.fields.append((name: "content-type", value: Array("application/json".utf8))) }
            if let token {
                let value = Loan.withBytes(of: token) { $0.withUnsafeBufferPointer { Array($0) } }
                request.fields.append((name: "x-vault-token", value: value))
            }
            do throws(SourceFault) {
                let answer = try await surroundings.ask(request, label: source.label)
                guard BaoSource.movesOn(answer.status) else { return answer }
                trouble = .unreadable(label: source.label, reason: Self.state(answer.status))
            } catch {
                trouble = error
            }
        }
        throw trouble
    }

    private static func state(_ status: Int) -> String {
        switch status {
        case 429: "it wants to be asked less, or is a standby"
        case 472, 473: "it is a standby"
        case 503: "it is sealed or in maintenance"
        default: "status \(status)"
        }
    }

    /// The path with everything encoded that could mean something else in a URL.
    private static func encoded(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return text
    }
}
