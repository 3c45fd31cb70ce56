using System.Security.Cryptography;

namespace Countersign.Core.Policies;

/// <summary>
/// Which policy decided: SHA-256 over the policy's files, as <c>sha256:</c> + hex. Every verdict carries it.
/// </summary>
public readonly record struct PolicyHash
{
    private readonly string? _value;

    private PolicyHash(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default PolicyHash names no policy.");

    public static PolicyHash Of(ReadOnlySpan<byte> policy) =>
        new("sha256:" + Convert.ToHexStringLower(SHA256.HashData(policy)));

    public static PolicyHash Parse(string text) =>
        text is { Length: 71 } && text.StartsWith("sha256:", StringComparison.Ordinal)
            ? new PolicyHash(text)
            : throw new FormatException($"'{text}' is not a policy hash ('sha256:' and 64 hex digits).");

    public override string ToString() => _value ?? "";
}
