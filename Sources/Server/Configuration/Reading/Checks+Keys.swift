extension Checks {
    /// A provider's key or keys: each has one place, and each place what it needs.
    mutating func checkKeys(_ provider: Configuration.Provider, at path: [String]) {
        if reading.place(of: path + ["key"]) != nil, reading.place(of: path + ["keys"]) != nil {
            fault(path + ["keys"], "cannot stand beside `key`", hint: "put that one into the list too")
        }
        if let place = provider.place { check(place, at: path + ["key"]) }
        for (index, place) in provider.keys.enumerated() { check(place, at: path + ["keys", "[\(index)]"]) }
    }

    private mutating func check(_ place: Configuration.KeyPlace, at path: [String]) {
        guard !reading.hasFault(below: path) else { return }
        let kinds = ["from", "exec", "aws", "openbao", "oidc"]
        let given = kinds.filter { reading.place(of: path + [$0]) != nil }
        guard place.plain == nil else {
            if let reference = place.plain { check(reference, at: path) }
            return
        }
        guard given.count <= 1 else {
            return fault(path + [given[1]], "cannot stand beside `\(given[0])`", hint: "a list of several is `keys`")
        }
        switch given.first {
        case "from": if let reference = place.from { check(reference, at: path + ["from"]) }
        case "exec": check(place.exec, at: path + ["exec"])
        case "aws": check(place.aws, at: path + ["aws"])
        case "openbao": check(place.openbao, at: path + ["openbao"])
        case "oidc": check(place.oidc, at: path + ["oidc"])
        // What a variable has added to a reference.
        case nil where place.from != nil: if let reference = place.from { check(reference, at: path) }
        default: fault(path, "does not say where the key lies", hint: "one of \(kinds.joined(separator: ", "))")
        }
    }

    private mutating func check(_ exec: Configuration.Exec, at path: [String]) {
        if exec.command.isEmpty { missing(path, "command", hint: "write command: [PROGRAM, ARGUMENT]") }
        if exec.shell, exec.command.count > 1 {
            fault(path + ["command"], "is one line for the shell", hint: "write command: [\"PROGRAM | PROGRAM\"]")
        }
    }

    private mutating func check(_ aws: Configuration.AWS, at path: [String]) {
        if aws.secret.isEmpty { missing(path, "secret", hint: "the secret's name or ARN") }
        if reading.place(of: path + ["credentials"]) != nil {
            check(aws.credentials, at: path + ["credentials"])
        } else if surroundings.variables["AWS_ACCESS_KEY_ID"] == nil {
            fault(
                path,
                "has no credentials: AWS_ACCESS_KEY_ID is not set",
                hint: "set it and AWS_SECRET_ACCESS_KEY, or write credentials: {command: [...]}"
            )
        }
        let hasRegion = ["AWS_REGION", "AWS_DEFAULT_REGION"].contains { surroundings.variables[$0] != nil }
        if aws.region == nil, !hasRegion { missing(path, "region", hint: "or set AWS_REGION") }
    }

    private mutating func check(_ bao: Configuration.OpenBao, at path: [String]) {
        if bao.path.isEmpty { missing(path, "path", hint: "the secret's path below the mount") }
        if bao.addresses.isEmpty, !["BAO_ADDR", "VAULT_ADDR"].contains(where: { surroundings.variables[$0] != nil }) {
            missing(path, "addresses", hint: "or set BAO_ADDR")
        }
        let ways = ["token", "approle", "jwt", "kubernetes"].filter { reading.place(of: path + [$0]) != nil }
        if ways.count > 1 { fault(path + [ways[1]], "cannot stand beside `\(ways[0])`", hint: "keep one of them") }
        switch ways.first {
        case "approle":
            if bao.appRole.roleID.isEmpty { missing(path + ["approle"], "role_id", hint: "the role's id") }
            need(bao.appRole.secretID, "secret_id", at: path + ["approle"])
        case "jwt":
            if bao.jwt.role.isEmpty { missing(path + ["jwt"], "role", hint: "the role to log in as") }
            need(bao.jwt.token, "token", at: path + ["jwt"])
        case "kubernetes":
            if bao.kubernetes.role.isEmpty { missing(path + ["kubernetes"], "role", hint: "the role to log in as") }
        case "token": if let token = bao.token { check(token, at: path + ["token"]) }
        default:
            if !["BAO_TOKEN", "VAULT_TOKEN"].contains(where: { surroundings.variables[$0] != nil }) {
                missing(path, "token", hint: "or set BAO_TOKEN, or log in by approle, jwt or kubernetes")
            }
        }
        if let authority = bao.authority { check(file: authority, at: path + ["authority"]) }
    }

    private mutating func check(_ oidc: Configuration.OIDC, at path: [String]) {
        if oidc.tokenURL.isEmpty { missing(path, "token_url", hint: "the token endpoint") }
        if oidc.clientID.isEmpty { missing(path, "client_id", hint: "who the gate is there") }
        switch (oidc.clientSecret, oidc.assertion) {
        case (nil, nil):
            missing(path, "client_secret", hint: "put it into a variable and write client_secret: env:NAME")
        case (_?, _?): fault(path + ["assertion"], "cannot stand beside `client_secret`", hint: "keep one of them")
        case (let secret?, nil): check(secret, at: path + ["client_secret"])
        // Another process keeps it fresh and may not have begun.
        case (nil, _?): break
        }
        if let authority = oidc.authority { check(file: authority, at: path + ["authority"]) }
    }

    private mutating func need(_ reference: Configuration.SecretReference?, _ key: String, at path: [String]) {
        guard let reference else { return missing(path, key, hint: "write \(key): file:PATH or env:NAME") }
        check(reference, at: path + [key])
    }
}
