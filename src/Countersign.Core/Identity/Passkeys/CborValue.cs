using System.Collections.Immutable;

namespace Countersign.Core.Identity.Passkeys;

/// <summary>A value of CBOR (RFC 8949), as far as authenticators write it.</summary>
internal abstract record CborValue
{
    private CborValue()
    {
    }

    public sealed record Integer(long Value) : CborValue;

    public sealed record Bytes(ReadOnlyMemory<byte> Value) : CborValue;

    public sealed record Text(string Value) : CborValue;

    public sealed record List(ImmutableArray<CborValue> Items) : CborValue;

    /// <summary>true, false or null.</summary>
    public sealed record Simple(bool? Value) : CborValue;

    /// <summary>A map whose keys are numbers or texts, each of them once.</summary>
    public sealed record Map(ImmutableArray<KeyValuePair<CborValue, CborValue>> Members) : CborValue
    {
        public CborValue? Find(long key) => Find(new Integer(key));

        public CborValue? Find(string key) => Find(new Text(key));

        private CborValue? Find(CborValue key) => Members.FirstOrDefault(member => member.Key == key).Value;
    }
}
