using System.Collections.Immutable;
using Countersign.Gates.Postgres.Masking;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres;

/// <summary>
/// One answer that the database owes. It answers in the order in which it was asked, so a queue of these tells whose
/// answer a message is; whatever else comes ends the connection.
/// </summary>
internal abstract class Awaited
{
    /// <summary>Takes one message of the answer; <c>true</c> when it was the last one.</summary>
    /// <exception cref="ProtocolViolation">The database answered something that nobody asked.</exception>
    public abstract bool Take(WireMessage message, Client client);

    /// <summary>An error came to something before it, so the database never looked at it.</summary>
    public virtual void Drop()
    {
    }

    /// <summary>An error came instead of it.</summary>
    public virtual void Fail(ErrorFields error) => Drop();

    /// <summary>How far the statement is that this is an answer to.</summary>
    public virtual WordStage Stage => WordStage.Runs;

    /// <summary>What the client reads when the error comes to this; the database's own words by default.</summary>
    public virtual Refusal? OwnWords => null;

    protected static ProtocolViolation Unasked(WireMessage message) => new(
        $"The database sent a message '{(char)message.Type}' that answers nothing.") { IsFatal = true };

    /// <summary>A single message without content, such as BindComplete.</summary>
    internal sealed class Complete(byte type, bool isRelayed, Action? done = null, Action? dropped = null) : Awaited
    {
        /// <summary>Told when an error came instead of it; as one that was dropped by default.</summary>
        public Action? Failed { get; init; }

        public override WordStage Stage => type switch
        {
            BackendMessage.ParseComplete => WordStage.Names,
            BackendMessage.BindComplete => WordStage.Plans,
            _ => WordStage.Runs,
        };

        public static Complete SilentBind { get; } = new(BackendMessage.BindComplete, isRelayed: false);

        public static Complete Close { get; } = new(BackendMessage.CloseComplete, isRelayed: true);

        public static Complete SilentClose { get; } = new(BackendMessage.CloseComplete, isRelayed: false);

        public static Complete SilentParse { get; } = new(BackendMessage.ParseComplete, isRelayed: false);

        public override bool Take(WireMessage message, Client client)
        {
            if (message.Type != type)
            {
                throw Unasked(message);
            }

            done?.Invoke();
            if (isRelayed)
            {
                client.Out.Append(message.Bytes.Span);
            }

            return true;
        }

        public override void Drop() => dropped?.Invoke();

        public override void Fail(ErrorFields error) => (Failed ?? dropped)?.Invoke();
    }

    /// <summary>The columns of a portal; of a simple query without any, the client is told nothing.</summary>
    internal sealed class Columns(bool tellsNoData) : Awaited
    {
        public override WordStage Stage => WordStage.Plans;

        /// <summary>Told what the columns are.</summary>
        public Action<WireMessage> Told { get; init; } = static _ => { };

        /// <summary>Whether the client has not asked for them.</summary>
        public bool IsSilent { get; init; }

        /// <summary>What masks names; <c>null</c> where nothing is masked.</summary>
        public MaskedWords? Words { get; init; }

        private static Columns OfPortal { get; } = new(tellsNoData: true);

        public static Columns Of(SessionMasks? masks) =>
            masks is null ? OfPortal : new Columns(tellsNoData: true) { Words = masks.Words };

        public static Columns OfSimpleQuery { get; } = new(tellsNoData: false);

        public override bool Take(WireMessage message, Client client)
        {
            if (message.Type is not (BackendMessage.RowDescription or BackendMessage.NoData))
            {
                throw Unasked(message);
            }

            Told(message);
            if (!IsSilent && (message.Type == BackendMessage.RowDescription || tellsNoData))
            {
                client.Out.Append((Words?.Columns(message) ?? message).Bytes.Span);
            }

            return true;
        }
    }

    /// <summary>
    /// Types of the parameters, then the columns of the result. For a portal that exists only here, the client gets the
    /// columns alone, in the formats that it bound.
    /// </summary>
    internal sealed class Description(Prepared statement, DescriptionFor whom) : Awaited
    {
        private bool _hasParameters;

        public override WordStage Stage => WordStage.Names;

        public Portal? Portal { get; init; }

        /// <summary>What masks names; <c>null</c> where nothing is masked.</summary>
        public MaskedWords? Words { get; init; }

        public override bool Take(WireMessage message, Client client)
        {
            if (!_hasParameters && message.Type == BackendMessage.ParameterDescription)
            {
                _hasParameters = true;
                statement.ParameterTypes = TypesOf(message);
                Relay(message, client, whom == DescriptionFor.Statement);
                return false;
            }

            if (!_hasParameters || message.Type is not (BackendMessage.RowDescription or BackendMessage.NoData))
            {
                throw Unasked(message);
            }

            message = Words?.Columns(message) ?? message;
            if (whom == DescriptionFor.Portal && message.Type == BackendMessage.RowDescription)
            {
                ResultFormats.Rewrite(message, Portal!.Bind.Span, client.Out);
            }
            else
            {
                Relay(message, client, whom != DescriptionFor.Gate);
            }

            return true;
        }

        private static ImmutableArray<uint> TypesOf(WireMessage message)
        {
            var body = ParameterDescriptionBody.Read(message.Body);
            var types = ImmutableArray.CreateBuilder<uint>(body.Count);
            for (var i = 0; i < body.Count; i++)
            {
                types.Add(body.Type(i));
            }

            return types.MoveToImmutable();
        }

        private static void Relay(WireMessage message, Client client, bool isRelayed)
        {
            if (isRelayed)
            {
                client.Out.Append(message.Bytes.Span);
            }
        }
    }

    /// <summary>What the gate itself says at this point of the conversation; the database owes nothing.</summary>
    internal sealed class Own(Action<WireWriter> say, Action? done = null, Action? dropped = null) : Awaited
    {
        public static Own CloseComplete { get; } = new(static writer => writer.WriteCloseComplete());

        public void Say(Client client)
        {
            done?.Invoke();
            say(client.Out);
        }

        public override void Drop() => dropped?.Invoke();

        public override bool Take(WireMessage message, Client client) => throw Unasked(message);
    }

    /// <summary>
    /// An error that the gate provoked, so that the transaction ends as an error at a database would end it; the client
    /// reads the gate's words for it.
    /// </summary>
    internal sealed class Failure(Refusal refusal) : Awaited
    {
        public override Refusal OwnWords => refusal;

        public override bool Take(WireMessage message, Client client) => throw Unasked(message);
    }

    /// <summary>ReadyForQuery. An error may come in front of it: the commit of what was asked before failed.</summary>
    internal sealed class Ready(bool isRelayed, Action<TransactionStatus> tell) : Awaited
    {
        public override bool Take(WireMessage message, Client client)
        {
            if (message.Type != BackendMessage.ReadyForQuery)
            {
                throw Unasked(message);
            }

            tell(ReadyForQueryBody.Read(message.Body));
            if (isRelayed)
            {
                client.Out.Append(message.Bytes.Span);
            }

            return true;
        }
    }
}

/// <summary>Who asked for the description of a statement.</summary>
internal enum DescriptionFor
{
    /// <summary>The gate, to read parameters by their types.</summary>
    Gate,

    /// <summary>The client, of a statement.</summary>
    Statement,

    /// <summary>The client, of a portal that exists only at the gate.</summary>
    Portal,
}
