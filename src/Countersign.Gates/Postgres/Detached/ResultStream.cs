using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Detached;

/// <summary>
/// Stands where a client would: keeps the rows that it is sent, up to a number of bytes, and forgets everything else.
/// Of rows beyond that nothing is kept, so that a result of any size takes constant memory.
/// </summary>
/// <param name="most">Bytes of rows that are kept.</param>
internal sealed class ResultStream(int most) : Stream
{
    private readonly List<KeptRows> _results = [];
    private readonly byte[] _head = new byte[MessageHead.Size];
    private byte[] _body = [];
    private int _headLength;
    private int _bodyLength;
    private int _kept;
    private bool _isSkipped;
    private KeptRows? _open;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>What the outcome says, and the rows with it.</summary>
    public byte[] AddTo(ReadOnlyMemory<byte> outcome)
    {
        using var buffer = new MemoryStream();
        using (var said = JsonDocument.Parse(outcome))
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var member in said.RootElement.EnumerateObject())
            {
                member.WriteTo(json);
            }

            json.WriteStartArray("results");
            _results.ForEach(result => result.WriteTo(json));
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Messages as they come, cut anywhere.</summary>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var isHead = _headLength < MessageHead.Size;
            var taken = isHead ? TakeHead(buffer) : TakeBody(buffer);
            buffer = buffer[taken..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private int TakeHead(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(MessageHead.Size - _headLength, bytes.Length);
        bytes[..taken].CopyTo(_head.AsSpan(_headLength));
        _headLength += taken;
        if (_headLength == MessageHead.Size)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(_head.AsSpan(1)) - sizeof(int);
            _isSkipped = !IsKept(_head[0], length);
            _body = _isSkipped ? [] : new byte[length];
            _bodyLength = length;
            EndIfWhole();
        }

        return taken;
    }

    private int TakeBody(ReadOnlySpan<byte> bytes)
    {
        var taken = Math.Min(_bodyLength, bytes.Length);
        if (!_isSkipped)
        {
            bytes[..taken].CopyTo(_body.AsSpan(_body.Length - _bodyLength));
        }

        _bodyLength -= taken;
        EndIfWhole();
        return taken;
    }

    private void EndIfWhole()
    {
        if (_bodyLength > 0)
        {
            return;
        }

        _headLength = 0;
        if (!_isSkipped)
        {
            Take(_head[0], _body);
        }
    }

    /// <summary>Rows are kept from the first one on without a gap.</summary>
    private bool IsKept(byte type, int length)
    {
        if (type != BackendMessage.DataRow || _open is null)
        {
            return type is BackendMessage.RowDescription or BackendMessage.CommandComplete;
        }

        _open.IsTruncated |= length > most - _kept;
        _kept += _open.IsTruncated ? 0 : length;
        return !_open.IsTruncated;
    }

    private void Take(byte type, byte[] body)
    {
        switch (type)
        {
            case BackendMessage.RowDescription:
                _open = new KeptRows(ColumnsOf(body));
                break;
            case BackendMessage.DataRow:
                _open!.Rows.Add(ValuesOf(body));
                break;
            case BackendMessage.CommandComplete when _open is not null:
                _open.Command = Encoding.UTF8.GetString(CommandCompleteBody.Read(body).Tag);
                _results.Add(_open);
                _open = null;
                break;
            default:
                break;
        }
    }

    private static ImmutableArray<KeptColumn> ColumnsOf(byte[] body)
    {
        var columns = ImmutableArray.CreateBuilder<KeptColumn>();
        foreach (var column in RowDescriptionBody.Read(body))
        {
            columns.Add(new KeptColumn(Encoding.UTF8.GetString(column.Name), PostgresType.NameOf(column.Type)));
        }

        return columns.ToImmutable();
    }

    private static string?[] ValuesOf(byte[] body)
    {
        var row = DataRowBody.Read(body);
        var values = new string?[row.Count];
        for (var i = 0; row.MoveNext(); i++)
        {
            values[i] = row.IsNull ? null : Encoding.UTF8.GetString(row.Current);
        }

        return values;
    }
}

/// <summary>A column of a result that is kept.</summary>
internal readonly record struct KeptColumn(string Name, string Type);

/// <summary>The rows that one statement returned, as far as they are kept.</summary>
internal sealed class KeptRows(ImmutableArray<KeptColumn> columns)
{
    public List<string?[]> Rows { get; } = [];

    /// <summary>How the statement ended, such as <c>SELECT 3</c>.</summary>
    public string Command { get; set; } = "";

    /// <summary>Whether there were more rows than are kept.</summary>
    public bool IsTruncated { get; set; }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("command", Command);
        json.WriteStartArray("columns");
        foreach (var (name, type) in columns)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("type", type);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("rows");
        foreach (var row in Rows)
        {
            json.WriteStartArray();
            Array.ForEach(row, json.WriteStringValue);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteBoolean("truncated", IsTruncated);
        json.WriteEndObject();
    }
}
