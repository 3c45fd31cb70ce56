using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity.Tokens;
using Countersign.Gates.Access;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>Lets an agent prove that it holds one of its tokens.</summary>
/// <remarks>
/// A SCRAM exchange can check all tokens whose verifiers share one salt. Where they do not, where only the SHA-256 of a
/// token is known, or where an issuer signs it, the token must come in clear, which is asked for inside TLS alone. A
/// user that does not exist gets the exchange that most have, with a salt that is its own, and fails like a wrong
/// token.
/// </remarks>
internal sealed class AgentProof(WireReader reader, WireWriter writer, byte[]? binding, AgentLoginOptions options)
{
    /// <summary>The secret that the agent has; nothing when it has none.</summary>
    /// <param name="user">Who it says it is.</param>
    /// <param name="account">What is known of that agent.</param>
    /// <param name="inside">What TLS shows of the client; <c>null</c> without TLS.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProtocolViolation">
    /// The exchange was not kept to, or cannot be held on this connection.
    /// </exception>
    /// <exception cref="IOException">The client hung up.</exception>
    public async Task<AgentSecret?> AskAsync(
        string user, AgentAccount account, Presented? inside, CancellationToken cancellationToken)
    {
        var secrets = account.Secrets;
        var verifiers = secrets.OfType<AgentSecret.Scram>().Select(static secret => secret.Verifier).ToList();
        var comesInClear = account.ShowsIssuedTokens && (inside is not null || secrets.Count == 0);
        if (!comesInClear
            && verifiers.Count == secrets.Count && verifiers.All(one => one.IsCheckedWith(verifiers[0])))
        {
            var matched = await AskByScramAsync(verifiers.Count > 0 ? verifiers : [Mock(user)], cancellationToken);
            return matched is { } index && secrets.Count > 0 ? secrets[index] : null;
        }

        return inside is { } shown
            ? await AskInClearAsync(user, account, shown, cancellationToken)
            : throw NeedsTls(account, isHashed: verifiers.Count < secrets.Count);
    }

    /// <summary>One text for a wrong token and for a user that does not exist.</summary>
    public static ErrorFields Failure(string user) => new()
    {
        Severity = ErrorFields.Fatal,
        Code = SqlState.InvalidPassword,
        Message = $"Authentication failed for agent \"{user}\".",
        Hint = "The user is an agent's id, the password its Countersign token, the database a target:"
            + " postgresql://AGENT:TOKEN@host:port/TARGET. Ask the operator for a token if yours was replaced.",
    };

    private async Task<int?> AskByScramAsync(
        IReadOnlyList<ScramVerifier> verifiers, CancellationToken cancellationToken)
    {
        var scram = new ScramServer(verifiers, binding, ScramText.NewNonce());
        writer.WriteAuthenticationSasl(scram.Mechanisms);
        await writer.FlushAsync(cancellationToken);
        writer.WriteAuthenticationSaslContinue(Begin(scram, await AnswerAsync(cancellationToken)));
        await writer.FlushAsync(cancellationToken);
        if (scram.Finish((await AnswerAsync(cancellationToken)).Body) is not { } finished)
        {
            return null;
        }

        writer.WriteAuthenticationSaslFinal(finished.ServerFinal);
        return finished.Matched;
    }

    /// <summary>SASLInitialResponse: String mechanism, Int32 length, the rest.</summary>
    private static byte[] Begin(ScramServer scram, WireMessage answer)
    {
        var body = new BodyReader("SASLInitialResponse", answer.Body);
        var mechanism = Encoding.UTF8.GetString(body.String());
        var clientFirst = body.Bytes(body.Int32());
        body.End();
        return scram.Begin(mechanism, clientFirst);
    }

    private async Task<AgentSecret?> AskInClearAsync(
        string user, AgentAccount account, Presented inside, CancellationToken cancellationToken)
    {
        writer.WriteAuthenticationCleartextPassword();
        await writer.FlushAsync(cancellationToken);
        var token = ReadPassword(await AnswerAsync(cancellationToken));
        AgentSecret? found = null;
        foreach (var secret in account.Secrets)
        {
            // No early end: the time must not say which token it was.
            found = secret.Matches(token) ? secret : found;
        }

        if (found is not null || !account.ShowsIssuedTokens || !JsonWebToken.LooksLikeOne(token))
        {
            return found;
        }

        var shown = inside with { Token = token };
        return await options.Recognise(shown, cancellationToken) == user ? new AgentSecret.Shown(shown) : null;
    }

    private static string ReadPassword(WireMessage answer)
    {
        var body = new BodyReader("PasswordMessage", answer.Body);
        var password = Encoding.UTF8.GetString(body.String());
        body.End();
        return password;
    }

    private async Task<WireMessage> AnswerAsync(CancellationToken cancellationToken)
    {
        var answer = await reader.ReadAsync(options.Limits.StartupMessage, cancellationToken);
        return answer.Type switch
        {
            FrontendMessage.Password => answer,
            0 or FrontendMessage.Terminate => throw new IOException("The client hung up while it was asked who it is."),
            var type => throw new ProtocolViolation(
                $"A message '{(char)type}' came where the answer to an authentication request was due.")
            {
                IsFatal = true,
            },
        };
    }

    /// <summary>A verifier that no password fits, with the salt that this user always gets.</summary>
    private ScramVerifier Mock(string user)
    {
        var salt = HMACSHA256.HashData(options.MockKey.Span, Encoding.UTF8.GetBytes(user));
        var keys = RandomNumberGenerator.GetBytes(2 * SHA256.HashSizeInBytes);
        return new ScramVerifier(
            ScramVerifier.OrdinaryIterations,
            salt.AsMemory(0, ScramVerifier.OrdinarySalt),
            keys.AsMemory(0, SHA256.HashSizeInBytes),
            keys.AsMemory(SHA256.HashSizeInBytes));
    }

    private static ProtocolViolation NeedsTls(AgentAccount account, bool isHashed)
    {
        var why = account.ShowsIssuedTokens && account.Secrets.Count == 0
            ? "an issuer signs it"
            : isHashed
            ? "only the SHA-256 of its token is configured"
            : "its tokens have SCRAM verifiers with different salts, of which one exchange can check one";
        return new ProtocolViolation(
            $"This agent's token can be checked in clear only ({why}), and this connection has no TLS. Connect with"
            + " sslmode=verify-full (or require), or let the operator configure the token itself or one"
            + " scram-sha-256: verifier ('countersign agent token' prints it).")
        {
            SqlState = SqlState.InvalidPassword,
            IsFatal = true,
        };
    }
}
