using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core.Records;

namespace Countersign.Gates.Credentials;

/// <summary>
/// Makes a credential for one execution, after its claim and before anything is sent (DESIGN section 2.8).
/// </summary>
internal delegate Task<Minting> MintCredential(ActionRecord action, CancellationToken cancellationToken);

/// <summary>What came of the wish for a credential.</summary>
internal abstract record Minting
{
    private Minting()
    {
    }

    /// <summary>There is one. Whoever has it disposes of it as soon as the request has ended.</summary>
    public sealed record Made(MintedCredential Credential) : Minting;

    /// <summary>There is none, so nothing may be sent; the reason is for agents and reviewers.</summary>
    public sealed record Failed(string Why) : Minting;
}

/// <summary>One header of a request and its secret value.</summary>
internal sealed record CredentialHeader(string Name, Secret Value);

/// <summary>
/// A credential of one execution: it travels with that one request and with nothing else, and is taken back afterwards.
/// </summary>
internal sealed class MintedCredential(
    ImmutableArray<CredentialHeader> headers, DateTimeOffset usableUntil, Func<Task> revoke) : IAsyncDisposable
{
    /// <summary>What shorter texts would be found by chance.</summary>
    private const int ShortestMasked = 8;

    private static readonly byte[] Mask = "(secret)"u8.ToArray();

    public ImmutableArray<CredentialHeader> Headers { get; } = headers;

    /// <summary>Nothing is sent with it from here on.</summary>
    public DateTimeOffset UsableUntil { get; } = usableUntil;

    /// <summary>
    /// The target's answer without the secret, should it have sent it back: the answer is recorded and shown.
    /// </summary>
    public ReadOnlyMemory<byte> WithoutSecret(ReadOnlyMemory<byte> json)
    {
        foreach (var text in Headers.SelectMany(header => PartsOf(header.Value.Reveal())))
        {
            json = Replace(json, JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping));
        }

        return json;
    }

    public ValueTask DisposeAsync() => new(revoke());

    /// <summary>The whole value, and what follows a scheme such as <c>Bearer</c>.</summary>
    private static IEnumerable<string> PartsOf(string value) =>
        new[] { value, value[(value.LastIndexOf(' ') + 1)..] }
            .Where(part => part.Length >= ShortestMasked && !part.All(char.IsAsciiDigit))
            .Distinct();

    private static ReadOnlyMemory<byte> Replace(ReadOnlyMemory<byte> json, JsonEncodedText text)
    {
        var secret = text.EncodedUtf8Bytes;
        var at = json.Span.IndexOf(secret);
        if (at < 0)
        {
            return json;
        }

        using var masked = new MemoryStream(json.Length);
        var rest = json.Span;
        for (; at >= 0; at = rest.IndexOf(secret))
        {
            masked.Write(rest[..at]);
            masked.Write(Mask);
            rest = rest[(at + secret.Length)..];
        }

        masked.Write(rest);
        return masked.ToArray();
    }
}
