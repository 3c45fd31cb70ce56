using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Countersign.Gates.Access;

/// <summary>What a caller shows to say who it is: a token, a client certificate, or both.</summary>
/// <param name="Token">As it came in.</param>
/// <param name="Certificate">
/// SHA-256 of the certificate whose key this connection was made with; <c>null</c> without one.
/// </param>
internal readonly record struct Presented(string? Token, ReadOnlyMemory<byte>? Certificate)
{
    /// <summary>Whether there is nothing to look at.</summary>
    public bool IsNothing => Token is null && Certificate is null;

    public static Presented ByToken(string token) => new(token, Certificate: null);

    /// <summary>The header <c>Authorization: Bearer</c> and the certificate of the connection.</summary>
    public static Presented From(HttpContext context) => With(context, BearerToken.From(context.Request));

    /// <summary>The same with a token that came in another way.</summary>
    public static Presented With(HttpContext context, string? token) => new(
        token,
        context.Connection.ClientCertificate is { } certificate
            ? SHA256.HashData(certificate.RawDataMemory.Span)
            : null);
}
