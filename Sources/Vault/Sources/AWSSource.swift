public import OstiaryCore

/// A secret of AWS Secrets Manager, asked for by a signed request of the gate's own (API version 2017-10-17).
public struct AWSSource: KeySource {
    public static let kind = "aws"
    public static let form = "aws: {secret: NAME, region: REGION}"
    public static let trimsLineEnd = true
    public static let standardTTL: Double? = 300

    /// The secret's name or ARN.
    public var secret = ""
    /// The member of the secret that is the key, where the secret is a JSON object.
    public var member: String?
    /// `nil` for `AWS_REGION`, then `AWS_DEFAULT_REGION`.
    public var region: String?
    /// Which of the secret's versions, such as `AWSPREVIOUS`.
    public var stage: String?
    /// Where it is asked; `nil` for the region's public address.
    public var endpoint: String?
    /// A command that prints credentials as `credential_process` does; `nil` for the variables of the environment.
    public var credentialCommand: [String] = []
    /// Variables that the command may see.
    public var passed: [String] = []

    /// The variables that hold the credentials.
    public static let secretVariables = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    private static let plainVariables = [
        "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    ]

    public init() {}

    public var label: String { "AWS secret \(FilePath.shown(secret))" }
    public var variables: [String] { Self.plainVariables + ChildCommand.standardVariables }

    public func fetch(_ surroundings: Surroundings) async throws(SourceFault) -> KeyMaterial {
        guard let region = region ?? surroundings.text("AWS_REGION") ?? surroundings.text("AWS_DEFAULT_REGION") else {
            throw .refused(label: label, reason: "no region is named; set region or AWS_REGION")
        }
        guard region.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || 0x30...0x39 ~= $0 || 0x61...0x7a ~= $0 }) else {
            throw .refused(label: label, reason: "the region has another form than us-east-1")
        }
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        let endpoint =
            endpoint ?? surroundings.text("AWS_ENDPOINT_URL_SECRETS_MANAGER") ?? surroundings.text("AWS_ENDPOINT_URL")
            ?? "https://secretsmanager.\(region).\(suffix)"
        let credentials = try await credentials(surroundings)
        var request = OutboundRequest(.post, endpoint)
        request.body = JSONWriter.write(question)
        request.fields = AWSSignature.fields(
            request.body,
            [
                (name: "content-type", value: "application/x-amz-json-1.1"),
                (name: "host", value: Self.authority(of: endpoint)),
                (name: "x-amz-target", value: "secretsmanager.GetSecretValue"),
            ],
            service: "secretsmanager",
            region: region,
            credentials,
            at: surroundings.clock.now
        )
        let answer = try await surroundings.ask(request, label: label)
        guard let document = SecretDocument(answer.body) else {
            throw .unreadable(label: label, reason: "status \(answer.status) without a JSON document")
        }
        guard answer.status == 200 else { throw fault(document, answer.status) }
        guard let value = document.secret("SecretString") else {
            throw .refused(label: label, reason: "the secret is binary; only a text can be a key")
        }
        return KeyMaterial(try part(value))
    }

    private var question: JSONValue {
        var members: [JSONObject.Member] = [.init(name: "SecretId", value: .string(secret))]
        if let stage { members.append(.init(name: "VersionStage", value: .string(stage))) }
        return .object(JSONObject(members: members))
    }

    private func part(_ value: consuming Secret) throws(SourceFault) -> Secret {
        guard let member else { return value }
        let document = value.withBytes { bytes in SecretDocument(bytes.withUnsafeBufferPointer { Array($0) }) }
        guard let document else { throw .refused(label: label, reason: "the secret is no JSON object") }
        guard let part = document.bytes([member]) else {
            throw .refused(label: label, reason: "the secret has no such member")
        }
        return part
    }

    private func credentials(_ surroundings: Surroundings) async throws(SourceFault) -> AWSCredentials {
        guard credentialCommand.isEmpty else {
            let command = ChildCommand(arguments: credentialCommand)
            var printed = try await command.output(surroundings, passing: passed, label: "\(label): credential command")
            defer { wipe(&printed) }
            let read: HelperOutput
            do throws(HelperOutput.Fault) { read = try HelperOutput.read(printed) } catch {
                throw .refused(label: label, reason: "the credential command printed no credentials")
            }
            switch consume read {
            case .aws(let credentials):
                if let expires = credentials.expires, expires <= surroundings.clock.now {
                    throw .expired(label: label)
                }
                return credentials
            case .key: throw .refused(label: label, reason: "the credential command printed no credentials")
            }
        }
        guard let identifier = surroundings.text("AWS_ACCESS_KEY_ID"),
            let secret = surroundings.value("AWS_SECRET_ACCESS_KEY")
        else {
            throw .refused(
                label: label,
                reason: "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or credentials"
            )
        }
        return AWSCredentials(identifier, secret, surroundings.value("AWS_SESSION_TOKEN"))
    }

    /// What an error means: its name is of a closed list, everything else of it stays here.
    private func fault(_ document: SecretDocument, _ status: Int) -> SourceFault {
        let type = document.text("__type") ?? document.text("code") ?? ""
        let name = type.split(separator: "#").last.map(String.init) ?? ""
        switch name {
        case "ResourceNotFoundException": return .missing(label: label)
        case "AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException",
            "SignatureDoesNotMatch", "InvalidClientTokenId", "IncompleteSignature", "MissingAuthenticationToken":
            return .refused(label: label, reason: "\(name): the credentials do not permit it")
        case "InvalidRequestException": return .refused(label: label, reason: "\(name): the secret is being deleted")
        case "InvalidParameterException", "ValidationException":
            return .refused(label: label, reason: "\(name): the secret's name or stage cannot be")
        case "DecryptionFailure":
            return .refused(label: label, reason: "\(name): the key that sealed it cannot be used")
        case "ExpiredTokenException", "ExpiredToken":
            return .unreadable(label: label, reason: "\(name): the session's time is over")
        case "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded":
            return .unreadable(label: label, reason: "\(name): it wants to be asked less")
        case "InternalServiceError", "InternalServiceErrorException", "ServiceUnavailable":
            return .unreadable(label: label, reason: "\(name)")
        default: return .unreadable(label: label, reason: "status \(status)")
        }
    }

    private static func authority(of url: String) -> String {
        let rest = url.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first.map(String.init) ?? ""
        return rest.lowercased()
    }
}
