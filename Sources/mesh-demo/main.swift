print("mesh-demo")
