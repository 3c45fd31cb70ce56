[assembly: System.Runtime.Versioning.TargetFramework(".NETCoreApp,Version=v10.0")]
