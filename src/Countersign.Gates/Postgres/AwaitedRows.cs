using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// What an Execute is answered with: rows or COPY data, and then how it ended.
/// </summary>
internal class AwaitedRows : Awaited
{
    protected AwaitedRows(bool isSilent) => IsSilent = isSilent;

    /// <summary>Whether it answers the gate, and the client gets nothing of it.</summary>
    public bool IsSilent { get; }

    /// <summary>What masks them; <c>null</c> where nothing is masked.</summary>
    public ResultMask? Mask { get; set; }

    /// <summary>The same rows, masked.</summary>
    public AwaitedRows Under(ResultMask? mask)
    {
        if (mask is null)
        {
            return this;
        }

        var rows = this == Plain ? new AwaitedRows(isSilent: false) : this;
        rows.Mask = mask;
        return rows;
    }

    /// <summary>For statements about the session, of which nothing is counted.</summary>
    public static AwaitedRows Plain { get; } = new(isSilent: false);

    /// <summary>For the gate's own statements.</summary>
    public static AwaitedRows Silent { get; } = new(isSilent: true);

    public override bool Take(WireMessage message, Client client)
    {
        switch (message.Type)
        {
            case BackendMessage.DataRow:
            case BackendMessage.CopyData:
                RelayData(message, client, OnData(message));
                return false;
            case BackendMessage.CopyOutResponse:
                Mask?.BeginCopy(message);
                Relay(message, client, isRelayed: true);
                return false;
            case BackendMessage.CopyDone:
                Mask?.EndCopy();
                Relay(message, client, isRelayed: true);
                return false;
            case BackendMessage.CopyInResponse:
                OnCopyIn(message);
                Relay(message, client, isRelayed: true);
                return false;
            case BackendMessage.CommandComplete:
            case BackendMessage.EmptyQueryResponse:
            case BackendMessage.PortalSuspended:
                if (message.Type == BackendMessage.CommandComplete)
                {
                    Mask?.Done();
                }

                Relay(message, client, OnEnd(message));
                return true;
            default:
                throw Unasked(message);
        }
    }

    /// <summary>
    /// A row or piece of COPY data that is too large to be held: whether the client gets it, in pieces.
    /// </summary>
    public virtual bool OnLargeData(MessageHead head) => !IsSilent;

    /// <summary>Whether the client gets it.</summary>
    protected virtual bool OnData(WireMessage message) => true;

    /// <summary>Only a statement that was understood as a COPY from the client gets its data.</summary>
    protected virtual void OnCopyIn(WireMessage message) => throw Unasked(message);

    /// <summary>Whether the client gets it now.</summary>
    protected virtual bool OnEnd(WireMessage message) => true;

    private void RelayData(WireMessage message, Client client, bool isRelayed)
    {
        if (Mask is null || !isRelayed || IsSilent)
        {
            Relay(message, client, isRelayed);
        }
        else if (message.Type == BackendMessage.DataRow)
        {
            Mask.WriteRow(message, client);
        }
        else
        {
            Mask.WriteCopy(message, client);
        }
    }

    private void Relay(WireMessage message, Client client, bool isRelayed)
    {
        if (isRelayed && !IsSilent)
        {
            client.Out.Append(message.Bytes.Span);
        }
    }
}

/// <summary>The one row of a question of the gate's own.</summary>
internal sealed class AwaitedAnswer() : AwaitedRows(isSilent: true)
{
    /// <summary>Its columns as text; empty when no row came.</summary>
    public List<string?> Values { get; } = [];

    protected override bool OnData(WireMessage message)
    {
        Values.Clear();
        var row = DataRowBody.Read(message.Body);
        while (row.MoveNext())
        {
            Values.Add(row.IsNull ? null : System.Text.Encoding.UTF8.GetString(row.Current));
        }

        return false;
    }
}
