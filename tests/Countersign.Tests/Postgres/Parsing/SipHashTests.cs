using System.Buffers.Binary;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Tests.Postgres.Parsing;

/// <summary>Against OpenSSL's SipHash with 16 bytes of result.</summary>
public sealed class SipHashTests
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, SipHash.KeyBytes).Select(i => (byte)i)];

    [Theory]
    [InlineData(0, "A3817F04BA25A8E66DF67214C7550293")]
    [InlineData(1, "DA87C1D86B99AF44347659119B22FC45")]
    [InlineData(7, "A1F1EBBED8DBC153C0B84AA61FF08239")]
    [InlineData(8, "3B62A9BA6258F5610F83E264F31497B4")]
    [InlineData(9, "264499060AD9BAABC47F8B02BB6D71ED")]
    [InlineData(15, "5493E99933B0A8117E08EC0F97CFC3D9")]
    [InlineData(16, "6EE2A4CA67B054BBFD3315BF85230577")]
    [InlineData(63, "5150D1772F50834A503E069A973FBD7C")]
    public void It_is_the_published_function(int length, string expected)
    {
        byte[] message = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        var (first, second) = new SipHash(s_key).Compute(message);
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, first);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), second);

        Assert.Equal(expected, Convert.ToHexString(bytes));
    }
}
