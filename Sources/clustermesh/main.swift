print("clustermesh")
