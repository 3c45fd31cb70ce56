using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>The first line of a private key in PEM or OpenPGP armour; the rest is <see cref="Tail.Pem"/>.</summary>
internal static class PrivateKeys
{
    private const int LongestLabel = 48;

    public static Match Find(ReadOnlySpan<byte> text, int at, ref long steps)
    {
        if (!Bytes.StartsWith(text, at, "-----BEGIN "u8))
        {
            return default;
        }

        var label = text[(at + 11)..Math.Min(text.Length, at + 11 + LongestLabel)];
        var end = label.IndexOf("-----"u8);
        steps += LongestLabel;
        return end >= 0 && label[..end].IndexOf("PRIVATE KEY"u8) >= 0
            ? new Match(at, at + 11 + end + 5, Certainty.Certain, DataKinds.PrivateKey)
            : default;
    }
}
