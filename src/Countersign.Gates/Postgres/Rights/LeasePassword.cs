using System.Buffers.Text;
using System.Security.Cryptography;
using Countersign.Gates.Credentials;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>
/// A password of one lease, and the form in which PostgreSQL keeps it (RFC 5803, pg_authid.rolpassword): given that,
/// the server never sees the password, and nor do its logs.
/// </summary>
internal sealed record LeasePassword(Secret Password, string Verifier)
{
    private const int PasswordBytes = 32;

    /// <summary>With the least iterations of RFC 7677: to a random password, more would add nothing.</summary>
    public static LeasePassword Create() => Of(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(PasswordBytes)));

    public static LeasePassword Of(string password)
    {
        var verifier = ScramVerifier.Derive(
            password, ScramVerifier.OrdinaryIterations, RandomNumberGenerator.GetBytes(ScramVerifier.OrdinarySalt));
        return new LeasePassword(
            new Secret(password),
            $"SCRAM-SHA-256${verifier.Iterations}:{Convert.ToBase64String(verifier.Salt.Span)}"
            + $"${Convert.ToBase64String(verifier.StoredKey.Span)}:{Convert.ToBase64String(verifier.ServerKey.Span)}");
    }
}
