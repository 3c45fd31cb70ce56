using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>COPY data is masked row by row, however it is cut into messages.</summary>
public sealed class CopyMaskTests
{
    private static readonly TargetRedaction s_redaction = new(
        Values: null, FieldRules.Of(new FieldRule.Column("ssn", Treatment.Redact)));

    private static readonly MaskPlan s_second = new([null, Treatment.Redact, null], Treatment.Redact);

    [Theory]
    [InlineData("a\tsecret\tb\n\\N\t\\N\tc\n", "a\t[field]\tb\n\\N\t\\N\tc\n")]
    [InlineData("a\\\tb\tse\\\tcr\\net\tb\n", "a\\\tb\t[field]\tb\n")]
    [InlineData("a\\\\\t\\\\N\tb\n", "a\\\\\t[field]\tb\n")]
    public void Text_keeps_its_fields_and_loses_the_masked_one(string data, string masked) =>
        AssertMasked(new CopyFormat { Null = "\\N"u8.ToArray() }, data, masked);

    [Theory]
    [InlineData("a,secret,b\n,,c\n", "a,\"[field]\",b\n,,c\n")]
    [InlineData("\"a,\n\"\"x\",\"se,\n\"\"cret\",b\n", "\"a,\n\"\"x\",\"[field]\",b\n")]
    [InlineData("\"\",\"\",b\n", "\"\",\"[field]\",b\n")]
    public void Csv_keeps_its_fields_and_loses_the_masked_one(string data, string masked) =>
        AssertMasked(new CopyFormat { IsCsv = true, Delimiter = (byte)',' }, data, masked);

    [Fact]
    public void Csv_with_another_escape_ends_its_fields_where_the_server_does() => AssertMasked(
        new CopyFormat { IsCsv = true, Delimiter = (byte)',', Quote = (byte)'[', Escape = (byte)'\\' },
        "[a\\[,b[,[se\\[cr,et[,c\n",
        "[a\\[,b[,[\\[field][,c\n");

    [Fact]
    public void A_header_is_no_row() => AssertMasked(
        new CopyFormat { IsCsv = true, Delimiter = (byte)',', HasHeader = true },
        "id,ssn,x\n1,secret,2\n",
        "id,ssn,x\n1,\"[field]\",2\n");

    [Fact]
    public void A_text_that_could_also_stand_for_null_is_masked_like_any_other() => AssertMasked(
        new CopyFormat { Null = "secret"u8.ToArray() }, "a\tsecret\tb\n", "a\t[field]\tb\n");

    [Fact]
    public void A_mask_is_written_so_that_no_delimiter_stands_in_it() => AssertMasked(
        new CopyFormat { Delimiter = (byte)'[', Null = "\\N"u8.ToArray() }, "a[secret[b\n", "a[\\[field][b\n");

    [Fact]
    public void Binary_values_become_null_and_the_frame_stays()
    {
        byte[] header = [.. "PGCOPY\n\xff\r\n\0"u8[..7], 0xFF, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9];
        byte[] tuple = [0, 3, 0, 0, 0, 1, 7, 0, 0, 0, 2, 8, 8, 255, 255, 255, 255];
        byte[] masked = [0, 3, 0, 0, 0, 1, 7, 255, 255, 255, 255, 255, 255, 255, 255];
        byte[] trailer = [255, 255];

        AssertMasked(
            new CopyFormat { IsBinary = true },
            [.. header, .. tuple, .. tuple, .. trailer],
            [.. header, .. masked, .. masked, .. trailer]);
    }

    [Fact]
    public void Rows_with_another_number_of_fields_end_the_connection()
    {
        var mask = MaskOf(new CopyFormat { Null = "\\N"u8.ToArray() });
        using var writer = new WireWriter(Stream.Null);

        Assert.Throws<ProtocolViolation>(() => mask.Take("a\tb\n"u8, writer));
        Assert.Throws<ProtocolViolation>(() => mask.Take("a\tb\tc\td\n"u8, writer));
    }

    [Fact]
    public void Data_that_ends_inside_of_a_row_ends_the_connection()
    {
        var mask = MaskOf(new CopyFormat { Null = "\\N"u8.ToArray() });
        using var writer = new WireWriter(Stream.Null);
        mask.Take("a\tsecret"u8, writer);

        Assert.Throws<ProtocolViolation>(mask.End);
        Assert.Equal(0, writer.Pending);
    }

    private static void AssertMasked(CopyFormat format, string data, string masked) =>
        AssertMasked(format, Encoding.UTF8.GetBytes(data), Encoding.UTF8.GetBytes(masked));

    /// <summary>In one message, in two that are cut anywhere, and byte by byte.</summary>
    private static void AssertMasked(CopyFormat format, byte[] data, byte[] masked)
    {
        for (var cut = 0; cut <= data.Length; cut++)
        {
            Assert.Equal(masked, DataOf(format, data[..cut], data[cut..]));
        }

        Assert.Equal(masked, DataOf(format, [.. data.Select(each => (byte[])[each])]));
    }

    private static byte[] DataOf(CopyFormat format, params byte[][] pieces)
    {
        var mask = MaskOf(format);
        using var writer = new WireWriter(Stream.Null);
        foreach (var piece in pieces)
        {
            mask.Take(piece, writer);
        }

        mask.End();
        var written = writer.ToArray().AsSpan();
        var data = new List<byte>();
        while (!written.IsEmpty)
        {
            var head = MessageHead.Read(written);
            Assert.Equal(BackendMessage.CopyData, head.Type);
            data.AddRange(written[MessageHead.Size..head.Length]);
            written = written[head.Length..];
        }

        return [.. data];
    }

    private static CopyMask MaskOf(CopyFormat format) => new(
        format, s_second, new CopyColumns(3, ["a", "ssn", "b"], MaskLimits.Row), new ColumnRedactor(s_redaction), []);
}
