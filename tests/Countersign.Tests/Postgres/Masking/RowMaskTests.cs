using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Statements;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>What stands in place of a masked value, by its type and format.</summary>
public sealed class RowMaskTests
{
    private static readonly TargetRedaction s_redaction = new(
        Values: null, FieldRules.Of(new FieldRule.Column("ssn", Treatment.Redact)));

    [Theory]
    [InlineData(PostgresType.Text, false, "[field]")]
    [InlineData(PostgresType.Varchar, true, "[field]")]
    [InlineData(PostgresType.Bpchar, false, "[field]")]
    [InlineData(PostgresType.Json, true, "\"[field]\"")]
    [InlineData(PostgresType.Jsonb, false, "\"[field]\"")]
    [InlineData(PostgresType.Jsonb, true, "\u0001\"[field]\"")]
    [InlineData(PostgresType.Int4, false, null)]
    [InlineData(PostgresType.Numeric, true, null)]
    [InlineData(PostgresType.Bytea, true, null)]
    [InlineData(1009u, false, null)]
    [InlineData(99_999u, false, null)]
    public void A_mask_is_a_value_of_the_columns_type_or_null(uint type, bool isBinary, string? masked) =>
        Assert.Equal(["a", masked, "b"], Masked(type, isBinary, Treatment.Redact, "a", "secret", "b"));

    [Fact]
    public void Null_stays_null_and_what_is_dropped_becomes_null()
    {
        Assert.Equal(["a", null, "b"], Masked(PostgresType.Text, false, Treatment.Redact, "a", null, "b"));
        Assert.Equal(["a", null, "b"], Masked(PostgresType.Text, false, Treatment.Drop, "a", "secret", "b"));
    }

    [Fact]
    public void A_part_of_a_value_is_shown_where_a_rule_says_so() => Assert.Equal(
        ["a", "[field *3186]", "b"], Masked(PostgresType.Text, false, Treatment.Partial, "a", "914-77-3186", "b"));

    [Fact]
    public void Columns_that_nobody_described_become_null()
    {
        var rows = new RowMask(3, MaskPlan.Everything, Undescribed, new ColumnRedactor(s_redaction), []);

        Assert.Equal([null, null, null], Written(rows, "a", "secret", "b"));
    }

    [Fact]
    public void A_result_without_masked_columns_passes_without_a_description()
    {
        var plan = new MaskPlan([null, null, null], Treatment.Redact);
        var rows = new RowMask(3, plan, Undescribed, new ColumnRedactor(s_redaction), []);

        Assert.True(rows.PassesAll);
        Assert.Equal(["a", "b", "c"], Written(rows, "a", "b", "c"));
    }

    [Theory]
    [InlineData(new byte[] { 0, 3, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0, 3, 0, 0, 0, 9, 1 })]
    [InlineData(new byte[] { 0, 3, 255, 255, 255, 254 })]
    [InlineData(new byte[] { 0, 2, 255, 255, 255, 255, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 0 })]
    public void A_row_that_is_not_formed_like_one_ends_the_connection(byte[] row)
    {
        var rows = new RowMask(3, MaskPlan.Everything, Undescribed, new ColumnRedactor(s_redaction), []);
        using var writer = new WireWriter(Stream.Null);

        Assert.Throws<ProtocolViolation>(() => rows.Write(row, writer));
    }

    [Fact]
    public void Of_several_rules_the_strictest_wins_and_what_is_computed_gets_the_plain_mask()
    {
        var redaction = new TargetRedaction(Values: null, FieldRules.Of(
            new FieldRule.Column("a", Treatment.Partial), new FieldRule.Column("b", Treatment.Drop)));
        var effects = Effects.None with
        {
            Output =
            [
                new OutputColumn("x", [Source("a")], IsPlain: true),
                new OutputColumn("x", [Source("a")], IsPlain: false),
                new OutputColumn("x", [Source("a"), Source("b")], IsPlain: false),
                new OutputColumn("x", [Source("c")], IsPlain: true),
                new OutputColumn("x", [], IsPlain: false) { IsUnclear = true },
            ],
        };

        Assert.Equal(
            [Treatment.Partial, Treatment.Redact, Treatment.Drop, null, Treatment.Redact],
            MaskPlan.Of(effects, redaction).Columns);
        Assert.Same(MaskPlan.Everything, MaskPlan.Of(effects with { Opaque = "no" }, redaction));
        Assert.Same(MaskPlan.Everything, MaskPlan.Of(effects with { HasUnclearOutput = true }, redaction));
        Assert.Equal(Treatment.Redact, MaskPlan.Of(effects, redaction).Of(3, count: 4));
    }

    private static ResultShape Undescribed => new(static _ => false);

    private static ColumnSource Source(string column) => new(1, 1, new RelationName("public", "t"), column);

    private static List<string?> Masked(uint type, bool isBinary, Treatment treatment, params string?[] values)
    {
        var shape = Undescribed;
        using var writer = new WireWriter(Stream.Null);
        writer.Begin(BackendMessage.RowDescription);
        writer.Count(3);
        foreach (var (name, of) in new[] { ("a", PostgresType.Text), ("ssn", type), ("b", PostgresType.Text) })
        {
            writer.String(name);
            writer.Int32(0);
            writer.Int16(0);
            writer.UInt32(of);
            writer.Int16(-1);
            writer.Int32(-1);
            writer.Int16((short)(isBinary ? 1 : 0));
        }

        writer.End();
        shape.Take(new WireMessage(BackendMessage.RowDescription, writer.ToArray()));
        var plan = new MaskPlan([null, treatment, null], Treatment.Redact);
        return Written(new RowMask(3, plan, shape, new ColumnRedactor(s_redaction), []), values);
    }

    private static List<string?> Written(RowMask rows, params string?[] values)
    {
        using var row = new WireWriter(Stream.Null);
        row.WriteDataRow(values);
        using var masked = new WireWriter(Stream.Null);
        rows.Write(row.ToArray().AsSpan(MessageHead.Size), masked);
        var message = masked.ToArray();
        Assert.Equal(message.Length, MessageHead.Read(message).Length);
        var read = DataRowBody.Read(message.AsSpan(MessageHead.Size));
        var texts = new List<string?>();
        while (read.MoveNext())
        {
            texts.Add(read.IsNull ? null : Encoding.UTF8.GetString(read.Current));
        }

        return texts;
    }
}
