namespace Countersign.Gates.Postgres.Wire;

/// <summary>Error codes that this gate gives itself (PostgreSQL manual, appendix A).</summary>
internal static class SqlState
{
    public const string ConnectionFailure = "08006";
    public const string ProtocolViolation = "08P01";
    public const string FeatureNotSupported = "0A000";
    public const string InvalidByteSequence = "22021";
    public const string InvalidParameterValue = "22023";
    public const string InvalidAuthorization = "28000";
    public const string InvalidPassword = "28P01";
    public const string UnknownDatabase = "3D000";
    public const string ConfigurationLimitExceeded = "53400";
    public const string InternalError = "XX000";
}
