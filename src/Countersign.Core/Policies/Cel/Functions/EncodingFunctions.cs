using System.Buffers.Text;
using System.Collections.Immutable;
using Countersign.Core.Policies.Cel.Runtime;

namespace Countersign.Core.Policies.Cel.Functions;

/// <summary>Base64 with and without padding (the encoders extension).</summary>
internal static class EncodingFunctions
{
    public static readonly ImmutableArray<Overload> All =
    [
        new("base64.encode", [CelType.Bytes], CelType.String, static (ref e, scoped a) =>
            Texts.TryAllow(ref e, ((a[0].Octets.Length + 2L) / 3) * 4, out var refusal)
                ? CelValue.FromString(Convert.ToBase64String(a[0].Octets))
                : refusal) { Effort = Effort.Result, Growth = Growth.Product },
        new("base64.decode", [CelType.String], CelType.Bytes, static (ref e, scoped a) =>
            Texts.TryAllow(ref e, a[0].AsString.Length, out var refusal) ? Decode(a[0].AsString) : refusal)
        {
            Growth = Growth.Sum,
        },
    ];

    private static CelValue Decode(string text)
    {
        var padded = text.Length % 4 == 0 ? text : text.PadRight(text.Length + 4 - (text.Length % 4), '=');
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        return Convert.TryFromBase64String(padded, octets, out var length)
            ? CelValue.FromOctets(octets[..length])
            : CelValue.Error("the string is no base64");
    }
}
