import NIOCore
import OstiaryCore
import OstiaryIdentity
import OstiaryPurse
import OstiaryWire

/// The token endpoint, `POST /v1/oauth/token` (RFC 6749 section 3.2): a workload's assertion for a token of the gate's own.
/// The grants are `jwt-bearer` (RFC 7523), as Anthropic's clients send it, and `token-exchange` (RFC 8693), as OpenAI's do;
/// the body is JSON as both have it, or a form as the standard has it.
///
/// It asks for no credential: the assertion is one. What fails counts against the address as any failed authentication.
enum TokenDoor {
    /// The most bytes that a request may have: a token of 16 KiB and what is around it.
    static let largest = 32 << 10
    private static let jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    private static let tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
    private static let tokenTypes = [
        "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token",
    ]

    /// A token, as the answer's body has it (RFC 6749 section 5.1, RFC 8693 section 2.2.1).
    struct Answer {
        let body: [UInt8]
        let pseudonym: Pseudonym
    }

    /// Answers a request.
    /// - Throws: the errors of RFC 6749 section 5.2, and those of the public door.
    static func answer(
        _ call: Call,
        _ head: RequestHead,
        _ body: RequestBody,
        _ rooms: Rooms
    ) async throws(GateError) -> Answer {
        guard let workloads = rooms.workloads else {
            throw GateError(.notFound, cause: "no_workloads", detail: "this gate has no trust rules for workloads")
        }
        guard call.method == .post else { throw GateError(.methodNotAllowed, allow: [.post]) }
        let form = try TokenRequestBody.form(of: head)
        let members = try TokenRequestBody.members(try await whole(body), form)
        let (request, isExchange) = try self.request(members)
        do throws(GateError) {
            let grant = try await workloads.exchange(request)
            return Answer(body: document(grant, isExchange: isExchange), pseudonym: grant.pseudonym)
        } catch {
            guard error.code == .invalidGrant else { throw error }
            let credential = Credential(place: .authorization, bytes: request.assertion)
            try rooms.failures.note(call.peer, credential, at: rooms.clock.monotonic)
            throw error
        }
    }

    private static func whole(_ body: RequestBody) async throws(GateError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await body.next() {
            bytes.append(contentsOf: piece.readableBytesView)
            guard bytes.count <= largest else { throw GateError(.bodyTooLarge) }
        }
        return bytes
    }

    private static func request(
        _ members: [String: String]
    ) throws(GateError) -> (WorkloadRequest, isExchange: Bool) {
        guard let grant = members["grant_type"] else { throw missing("grant_type is missing") }
        let scopes = members["scope"].flatMap { $0.isEmpty ? nil : Scopes(spaceSeparated: $0) }
        switch grant {
        case jwtBearer:
            guard let assertion = members["assertion"], !assertion.isEmpty else {
                throw missing("assertion is missing")
            }
            let request = WorkloadRequest(
                assertion: Array(assertion.utf8),
                rule: members["federation_rule_id"],
                account: members["service_account_id"],
                organization: members["organization_id"],
                scopes: scopes
            )
            return (request, false)
        case tokenExchange:
            guard let token = members["subject_token"], !token.isEmpty else {
                throw missing("subject_token is missing")
            }
            guard let type = members["subject_token_type"], tokenTypes.contains(type) else {
                throw missing("subject_token_type must be that of a jwt or an id_token")
            }
            // Who acts for whom is not what a trust rule says.
            guard members["actor_token"] == nil else { throw missing("actor_token is not taken") }
            let request = WorkloadRequest(
                assertion: Array(token.utf8),
                rule: members["identity_provider_id"] ?? members["federation_rule_id"],
                account: members["service_account_id"],
                organization: members["organization_id"],
                scopes: scopes
            )
            return (request, true)
        default: throw GateError(.unsupportedGrantType)
        }
    }

    private static func document(_ grant: WorkloadExchange.Grant, isExchange: Bool) -> [UInt8] {
        var members: [JSONObject.Member] = [
            .init(name: "access_token", value: .string(grant.token)),
            .init(name: "token_type", value: .string("Bearer")),
            .init(name: "expires_in", value: .integer(grant.lifetime)),
            .init(name: "scope", value: .string(grant.scopes.spaceSeparated)),
        ]
        if isExchange {
            let type = "urn:ietf:params:oauth:token-type:access_token"
            members.append(.init(name: "issued_token_type", value: .string(type)))
        }
        return JSONWriter.write(.object(JSONObject(members: members)))
    }

    private static func missing(_ detail: String) -> GateError {
        GateError(.invalidRequest, cause: "token_request", detail: detail)
    }
}

extension GateError {
    /// The error's name in RFC 6749 section 5.2; `nil` for what is no business of that section.
    var grantError: String? {
        switch code {
        case .invalidRequest: "invalid_request"
        case .invalidGrant: "invalid_grant"
        case .invalidScope: "invalid_scope"
        case .unsupportedGrantType: "unsupported_grant_type"
        default: nil
        }
    }
}

extension Reply {
    /// Answers a request at the token endpoint with an error: those of RFC 6749 section 5.2 as that has them, all others
    /// in the shape of the client's API family.
    consuming func refuseGrant(_ error: GateError) -> Delivery {
        guard let name = error.grantError else { return refuse(error) }
        let body = JSONWriter.write(
            .members(("error", .string(name)), ("error_description", .string(error.message)))
        )
        return send(status: error.status, body: ByteBuffer(bytes: body)) { $0.writeFields(of: error) }
    }
}
