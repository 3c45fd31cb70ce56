using System.Diagnostics.CodeAnalysis;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>Proves to a database who we are: SCRAM-SHA-256(-PLUS), md5, or a clear password inside TLS.</summary>
internal sealed class DatabaseProof(DatabaseLoginOptions options, DatabaseTransport transport, WireWriter writer)
{
    private const int Md5SaltLength = 4;

    /// <summary>SCRAM needs four, and a server may have a word about the version first.</summary>
    private const int MostRounds = 8;

    private ScramClient? _scram;
    private bool _isServerProven;
    private bool _isBound;
    private int _minor = options.Minor;

    /// <summary>Answers what the database asks until it says Ok; the result is the minor version it speaks.</summary>
    /// <exception cref="ProtocolViolation">It asks for something impossible, or out of order.</exception>
    /// <exception cref="AuthenticationException">It asks for a proof that we cannot or will not give.</exception>
    public async Task<int> GiveAsync(Func<ValueTask<WireMessage>> next, CancellationToken cancellationToken)
    {
        for (var round = 1; !Answer(await next()); round++)
        {
            if (round == MostRounds)
            {
                throw Violation($"asks who we are more than {MostRounds} times");
            }

            await writer.FlushAsync(cancellationToken);
        }

        return _minor;
    }

    private bool Answer(WireMessage message)
    {
        switch (message.Type)
        {
            case BackendMessage.NegotiateProtocolVersion when _scram is null:
                _minor = Math.Min(_minor, NegotiateProtocolVersionBody.ReadMinor(message.Body));
                return false;
            case BackendMessage.Authentication:
                return Answer(AuthenticationBody.Read(message.Body));
            case var type:
                throw Violation($"sends a message '{(char)type}' before it is known who we are");
        }
    }

    private bool Answer(AuthenticationBody asked)
    {
        switch (asked.Request)
        {
            case AuthenticationRequest.Ok:
                RefuseUnproven();
                return true;
            case AuthenticationRequest.CleartextPassword when _scram is null:
                writer.WritePassword(ClearPassword());
                return false;
            case AuthenticationRequest.Md5Password when _scram is null:
                writer.WritePassword(Md5Password(asked.Rest));
                return false;
            case AuthenticationRequest.Sasl when _scram is null:
                BeginScram(Mechanisms(asked.Rest));
                return false;
            case AuthenticationRequest.SaslContinue when _scram is not null && !_isServerProven:
                writer.WriteSaslResponse(_scram.Answer(asked.Rest));
                return false;
            case AuthenticationRequest.SaslFinal when _scram is not null && !_isServerProven:
                _isServerProven = _scram.IsProof(asked.Rest)
                    ? true
                    : throw Violation("does not know the password that it asks for; it may be a false one");
                return false;
            case var request:
                throw Violation($"asks for authentication {(int)request} here; SCRAM, md5 and password are known");
        }
    }

    /// <summary>A server that began SCRAM must end it, or it got a proof and gave none.</summary>
    private void RefuseUnproven()
    {
        if (_scram is not null && !_isServerProven)
        {
            throw Violation("says Ok without a proof of its own");
        }

        if (options.IsChannelBindingRequired && !_isBound)
        {
            throw Violation("lets us in without SCRAM-SHA-256-PLUS, which is required");
        }
    }

    private void BeginScram(List<string> offered)
    {
        // y tells the server that we saw no PLUS: if it offered one, somebody between us took it away.
        var binding = transport.Binding;
        _isBound = binding is not null && offered.Contains(ScramText.MechanismPlus);
        if (!offered.Contains(ScramText.Mechanism) && !_isBound)
        {
            throw Violation($"offers {string.Join(", ", offered)}; SCRAM-SHA-256 is spoken here");
        }

        var flag = _isBound ? ScramText.BindingFlag : binding is null ? "n" : "y";
        _scram = new ScramClient(Password(), $"{flag},,", _isBound ? binding! : [], ScramText.NewNonce());
        writer.WriteSaslInitialResponse(_isBound ? ScramText.MechanismPlus : ScramText.Mechanism, _scram.First());
    }

    private static List<string> Mechanisms(ReadOnlySpan<byte> list)
    {
        var reader = new BodyReader("AuthenticationSASL", list);
        var mechanisms = new List<string>();
        for (var name = reader.String(); name.Length > 0; name = reader.String())
        {
            mechanisms.Add(Encoding.UTF8.GetString(name));
        }

        reader.End();
        return mechanisms;
    }

    private string ClearPassword() => transport.IsEncrypted
        ? Password()
        : throw new AuthenticationException(
            "the server asks for a clear password without TLS; use sslmode=verify-full, or scram-sha-256 there");

    /// <summary>
    /// "md5" and md5(md5(password, user), salt), each in hex (PostgreSQL manual, AuthenticationMD5Password).
    /// </summary>
    private string Md5Password(ReadOnlySpan<byte> salt)
    {
        if (salt.Length != Md5SaltLength)
        {
            throw Violation($"sends an md5 salt of {salt.Length} bytes; it has {Md5SaltLength}");
        }

        var inner = Md5(Encoding.UTF8.GetBytes(Password() + options.User));
        return "md5" + Md5([.. Encoding.ASCII.GetBytes(inner), .. salt]);
    }

    // PostgreSQL's own method of old; a server that still asks for it gets nothing stronger.
    [SuppressMessage("Security", "CA5351", Justification = "AuthenticationMD5Password is defined with MD5.")]
    private static string Md5(byte[] bytes) => Convert.ToHexStringLower(MD5.HashData(bytes));

    private string Password() => options.Password?.Reveal() ?? throw new AuthenticationException(
        $"the server asks for a password of '{options.User}' and none is configured; set the target's credentials");

    private static ProtocolViolation Violation(string problem) => new($"The server {problem}.") { IsFatal = true };
}
