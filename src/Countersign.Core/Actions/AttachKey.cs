using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Identity;

namespace Countersign.Core.Actions;

/// <summary>
/// What makes two calls the same request: agent, on-behalf-of person, target, digest and the idempotency key when one
/// is given (DESIGN section 2.4). Only its hash is kept.
/// </summary>
public readonly record struct AttachKey
{
    private readonly string? _value;

    private AttachKey(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default AttachKey matches nothing.");

    public static AttachKey Of(Asker asker, CanonicalAction action, string? idempotencyKey) => new(HashOf(
        asker.Agent.Value, asker.OnBehalfOf?.Value, action.Target.Value, action.Digest.Value, idempotencyKey));

    public static AttachKey Parse(string text) => new(text);

    /// <summary>
    /// What makes two calls of one principal carry the same idempotency key, whatever they ask for. The person an agent
    /// acts for is part of it: otherwise that person could be handed an approval they gave to the agent itself.
    /// </summary>
    public static string HashIdempotencyKey(Asker asker, string key) =>
        HashOf(asker.Agent.Value, asker.OnBehalfOf?.Value, key);

    public override string ToString() => _value ?? "";

    /// <summary>Hashes the parts with their lengths, so that no two different lists share a text.</summary>
    private static string HashOf(params ReadOnlySpan<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part ?? "");
            hash.AppendData(BitConverter.GetBytes(part is null ? -1 : bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
